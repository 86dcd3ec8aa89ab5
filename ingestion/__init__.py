"""From the bytes of a file to chunks with vectors; `pipeline.ingest` is the whole path.

bytes     `sniff` tells the format (`text_signs` of texts), `encodings` the characters
text      `parsers/` reads it in a child process (`parser_process` owns it, `parser_child` is it, `wire` between);
          `packed` opens packed files, `grid` writes tables, `gibberish` leaves encoded data out,
          `canonical` puts blocks together
coverage  `coverage/` counts the file's visible words without the parser, and compares
chunks    `chunker` joins `pieces` (made of `sentences`) where `boundaries` finds it cheapest, by `tokens`;
          `vectors` adds the states of sentences up
"""
