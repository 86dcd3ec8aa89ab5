"""The matrix of faults: what is injected, by which tests, and what is not covered yet.

Rows R1 to R19 are faults of machine and load, S1 to S22 attacks, A1 to A15 faults that an attack on the running product
has found. A test is named by its file, or by its file and function, with or without a parameter.
"""

from dataclasses import dataclass

STEP = "tests/faults/test_every_step.py::test_work_interrupted_at_any_step_is_whole_or_undone_and_can_be_repeated"
DAMAGE = (
    "tests/faults/test_damaged_files.py::test_a_damaged_file_is_made_again_or_told_and_never_ends_a_process"
)
POSTGRES = "tests/faults/test_database_restarts.py"
CRASH, APP, INDEX = "tests/crash", "tests/app", "tests/retrieval/index"


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        key: Its name.
        fault: What happens.
        promise: What holds nevertheless; anything else is a violation.
        tests: What injects it; none where the row is not covered.
        lacks: What of the row is not covered, and why.
    """

    key: str
    fault: str
    promise: str
    tests: tuple[str, ...] = ()
    lacks: str = ""


MATRIX = (
    Row(
        "R1",
        "SIGKILL, torn write or failing disk at a file operation of an ingestion, a new edition, an archive, a "
        "re-embedding; SIGKILL of whole workers, and of a deletion at every statement and file operation",
        "after the next start a document is whole, absent, or waits and then becomes whole; index equals database",
        (
            f"{STEP}[ingestion]",
            f"{STEP}[replacement]",
            f"{STEP}[archive]",
            f"{STEP}[reembedding]",
            f"{CRASH}/test_worker_kills.py",
            f"{CRASH}/test_reembedding_kills.py",
            f"{CRASH}/test_erasing_kills.py",
        ),
    ),
    Row(
        "R2",
        "SIGKILL, torn write, full or failing disk at every file operation of a snapshot; writers killed at random",
        "the newest or the one before is loaded, whole",
        (
            f"{STEP}[snapshot]",
            f"{STEP}[graph_snapshot]",
            f"{INDEX}/test_snapshot.py::test_killed_writers_always_leave_the_last_finished_snapshot",
        ),
    ),
    Row(
        "R3",
        "disk full from the n-th operation on that takes room; a small filesystem filled under a running server",
        "a clear error, nothing lost without a word, searches go on, all is well with room again",
        (
            f"{STEP}[ingestion]",
            f"{STEP}[reembedding]",
            f"{STEP}[settings]",
            f"{STEP}[kept_vectors]",
            f"{CRASH}/test_full_disk.py",
            f"{INDEX}/test_snapshot.py::test_failing_disk_leaves_earlier_generations",
        ),
    ),
    Row(
        "R4",
        "writes that are not on the disk yet when a rename or a reply makes them count",
        "all bytes are synced before their name or their reply counts",
        (
            "tests/faults/test_order_of_syncs.py",
            "tests/migrations/test_migrations.py::test_acknowledged_commits_are_flushed_and_foreign_keys_hold",
            "tests/generator/checkpoint/test_folder.py::test_all_that_is_renamed_is_on_the_disk_before_and_its_name_after",
        ),
        "power is not really cut: no filesystem that drops unsynced writes is at hand. The order of writes, syncs and "
        "renames is checked instead",
    ),
    Row(
        "R5",
        "flipped bits, zeroed pages, cut ends, bytes too many in every kind of file; files that kill their loader",
        "noticed before use, made again or told by an error of its own; no process ends",
        (
            DAMAGE,
            f"{INDEX}/test_snapshot.py::test_damaged_newest_generation_falls_back_to_the_one_before",
            f"{INDEX}/test_snapshot.py::test_all_generations_damaged_gives_none",
            f"{INDEX}/test_snapshot.py::test_another_model_or_width_is_not_loaded",
            f"{INDEX}/test_snapshot.py::test_file_that_kills_the_loader_kills_only_a_child",
            f"{INDEX}/test_lexical_folder.py",
            "tests/generator/checkpoint/test_folder.py",
            f"{APP}/test_storage.py",
        ),
        "a flipped bit within a text in the database is not noticed: SQLite has no checksums of pages",
    ),
    Row(
        "R6",
        "vectors and texts removed from and planted in an index by hand",
        "the audit finds all of them and repairs them",
        (f"{APP}/test_indexes.py",),
    ),
    Row(
        "R7",
        "additions, deletions and searches at random, and from several threads during a compaction",
        "results equal those of a model that only counts",
        (
            f"{INDEX}/test_hnsw_states.py",
            f"{INDEX}/test_hnsw.py::test_compaction_in_the_background_loses_no_change",
        ),
        "not for an hour: for as long as the tests take",
    ),
    Row(
        "R8",
        "k above what a filter allows, few live among many removed",
        "all that is allowed comes, without an error",
        (
            "tests/contracts/test_vector_indexes.py",
            f"{INDEX}/test_hnsw.py::test_filters_lose_no_recall_at_any_selectivity",
            f"{INDEX}/test_hnsw.py::test_a_filter_far_from_the_question_still_gives_k",
        ),
    ),
    Row(
        "R9",
        "a search right after a deletion, in the same process and in others, with a stale index, after a kill",
        "what was deleted is never found",
        (f"{CRASH}/test_deletion.py", f"{APP}/library/test_erasing.py", f"{APP}/library/test_proving.py"),
    ),
    Row(
        "R10",
        "PostgreSQL killed and started again during ingestion and searches; locks of the database held",
        "errors are told as such, and everything goes on by itself",
        (
            POSTGRES,
            f"{APP}/test_worker_faults.py",
            f"{APP}/test_machine_faults.py",
            f"{APP}/intake/test_crossed_files.py",
        ),
    ),
    Row(
        "R11",
        "a model server that is down, slow, silent, breaks off, or sends garbage",
        "the stream ends with an error that says what to do",
        ("tests/generator/openai/test_client.py", f"{APP}/test_model_server.py"),
        "a circuit that opens after repeated failures does not exist",
    ),
    Row(
        "R12",
        "clients that leave before the first token, in the stream, while they wait",
        "their work ends and gives its place back",
        (f"{APP}/answers/test_streams.py", f"{APP}/test_overload_api.py"),
    ),
    Row(
        "R13",
        "SIGTERM of a worker at work and of a server with open streams",
        "jobs are given back, streams end, status 0",
        (f"{CRASH}/test_orderly_stops.py", f"{APP}/test_supervisor.py"),
    ),
    Row(
        "R14",
        "more askers, searchers, uploads and fetches at once than the bounds allow",
        "refused at once with a true Retry-After, health told throughout",
        (
            f"{APP}/test_admission.py",
            f"{APP}/test_early_refusals.py",
            f"{APP}/test_overload_api.py",
            f"{APP}/test_health_watch.py",
        ),
        "the curve of goodput over 0.5 to 5 times the capacity is no test: the load benchmark measures it",
    ),
    Row(
        "R15",
        "one caller with many requests beside another with one",
        "turns go round the callers",
        (
            f"{APP}/test_admission.py::test_turns_go_round_the_callers_and_places_ahead_are_told_truly",
            f"{APP}/test_overload_api.py::test_a_crowd_of_one_collection_leaves_room_for_another_and_does_not_go_first",
        ),
        "the ratio of p99 is not measured",
    ),
    Row(
        "R16",
        "the same upload many times, in parallel, with and without a key",
        "one document",
        (f"{APP}/test_idempotency_api.py",),
    ),
    Row(
        "R17",
        "documents that kill or hang their worker, leases that run out, a clock that is set back",
        "parked after so many attempts, the queue moves, a worker without its lease writes nothing",
        (
            f"{APP}/db/test_jobs.py",
            f"{CRASH}/test_worker_kills.py::test_a_document_that_kills_its_worker_is_parked_and_the_others_go_on",
        ),
    ),
    Row(
        "R18",
        "migrations up, down and up, started by several processes; a database of a newer program",
        "tables equal the models, nothing is lost, or a refusal that changes nothing",
        (
            "tests/migrations/test_migrations.py",
            f"{APP}/test_home.py",
            f"{APP}/backup/test_backup.py",
            f"{CRASH}/test_backup_kills.py",
        ),
        "a backup under write load is not tried; one in which documents are deleted is",
    ),
    Row(
        "R19", "24 hours of mixed load with hourly faults", "no growth", (), "nothing runs for 24 hours here"
    ),
    Row("S1", "ids of others", "404", (f"{APP}/identity/test_access_matrix.py",)),
    Row("S2", "searches across tenants", "no foreign chunk", (f"{APP}/identity/test_access_matrix.py",)),
    Row(
        "S3",
        "rights taken away in the middle",
        "refused from then on",
        (f"{APP}/identity/test_revocation.py",),
    ),
    Row(
        "S4",
        "work before sign-in",
        "none",
        (f"{APP}/identity/test_signing_in.py", f"{APP}/identity/test_sign_in_pages.py"),
    ),
    Row(
        "S5",
        "names of uploads and of members of archives that lead elsewhere",
        "no file outside the store",
        (
            f"{APP}/test_bad_input_api.py::test_a_name_is_never_a_path",
            f"{APP}/test_bad_input_api.py::test_names_that_can_not_be_shown_are_refused",
            "tests/ingestion/parsers/archives/test_zip_archive.py::test_names_lead_nowhere",
        ),
    ),
    Row(
        "S6",
        "addresses, names, redirects that lead to private hosts",
        "no connection",
        (f"{APP}/intake/test_fetching.py",),
    ),
    Row(
        "S7",
        "bombs, loops, parsers that eat memory or time",
        "ended at their limits, the next file is read",
        (
            "tests/ingestion/test_parser_process.py",
            "tests/ingestion/parsers/archives/test_zip_archive.py::test_bombs_are_refused_flat_nested_and_lying",
        ),
    ),
    Row(
        "S8",
        "malformed files of all formats, entities, outside references",
        "text or a reason; no access to files or network",
        (
            "tests/ingestion/parsers",
            f"{APP}/test_bad_input_api.py::test_a_bad_file_fails_with_a_reason_and_the_next_one_is_taken",
        ),
        "no coverage-guided fuzzing",
    ),
    Row(
        "S9",
        "instructions within documents",
        "not followed",
        (),
        "no test: the benchmark of injection counts followed instructions (decision 0091)",
    ),
    Row("S10", "poisoned passages", "source shown", (), "not measured"),
    Row(
        "S11",
        "active content in names, texts and answers, in headless Chromium",
        "no script, no request",
        ("tests/browser/test_active_content.py",),
    ),
    Row(
        "S12", "harmless words that look dangerous", "not blocked", (f"{APP}/safety/test_lexicon_filter.py",)
    ),
    Row(
        "S13",
        "ways around a filter of words",
        "found",
        (f"{APP}/safety/test_lexicon_filter.py", f"{APP}/safety/test_screen.py"),
    ),
    Row(
        "S14",
        "bodies, names, questions, JSON, patterns and documents beyond their limits; twice the input",
        "refused early; time in proportion",
        (
            f"{CRASH}/test_large_uploads.py",
            f"{APP}/test_bad_input_api.py",
            f"{APP}/test_unstorable_input.py",
            "tests/ingestion/test_linear_time.py",
        ),
    ),
    Row(
        "S15",
        "quota of a user",
        "429",
        (
            f"{APP}/test_admission.py::test_one_caller_can_not_take_all_places",
            f"{APP}/identity/test_people.py::test_a_rate_lets_so_many_come_at_once_and_says_when_to_come_again",
            f"{APP}/identity/test_people.py::test_a_quota_counts_what_other_processes_counted",
        ),
    ),
    Row(
        "S16",
        "keys in dumps, logs and errors",
        "none",
        (
            f"{APP}/test_logs.py",
            f"{APP}/test_home.py::test_the_message_holds_no_password",
            f"{APP}/identity/test_people.py::test_a_key_is_shown_once_and_kept_as_a_hash",
            f"{APP}/identity/test_people.py::test_running_all_tells_the_owners_key_on_the_terminal_and_in_no_log",
        ),
    ),
    Row(
        "S17",
        "an audit trail that is changed",
        "noticed",
        (f"{APP}/audit/test_chain.py", f"{APP}/audit/test_trail.py"),
    ),
    Row("S18", "personal data", "redacted", (f"{APP}/safety/test_personal_data.py",)),
    Row(
        "S19",
        "line ends and control characters in logs, names and tables",
        "neutral",
        (
            "tests/contracts/test_names.py",
            f"{APP}/test_run_output.py::test_errors_are_known_in_json_too",
            f"{APP}/library/test_usage.py::test_no_cell_of_the_csv_is_a_formula",
            f"{APP}/test_audited_answers.py::test_no_cell_of_the_export_for_spreadsheets_is_a_formula",
        ),
    ),
    Row(
        "S20",
        "weights with an altered or missing byte, checkpoints of another kind",
        "refused before they are loaded",
        (
            "tests/retrieval/test_encoder_weights.py::test_damage_is_detected_before_use",
            "tests/generator/deepseek/test_loading.py::test_a_folder_that_can_not_be_used_is_refused",
            "tests/generator/checkpoint/test_folder.py",
        ),
    ),
    Row(
        "S21",
        "requests made from the description of the interface",
        "no 5xx",
        (f"{APP}/test_described_requests.py", f"{APP}/test_unstorable_input.py"),
    ),
    Row("S22", "abuse of gRPC", "limits hold", (), "there is no gRPC server yet"),
)

ATTACKED = (
    Row(
        "A1",
        "a worker or server on an empty or another database",
        "no original is removed; it is refused with what to do",
        (f"{APP}/test_home.py", f"{CRASH}/test_worker_faults.py"),
    ),
    Row(
        "A2",
        "deleted text in answers, replies, caches, files and backups",
        "gone at once, proved after a kill at every step",
        (
            f"{APP}/library/test_erasing.py",
            f"{APP}/library/test_proving.py",
            f"{CRASH}/test_erasing_kills.py",
            f"{INDEX}/test_removed.py",
        ),
    ),
    Row("A3", "text of documents in logs", "none", (f"{APP}/test_logs.py",)),
    Row(
        "A4",
        "foreign hosts and origins at pages, sockets and REST, in headless Chromium",
        "refused",
        ("tests/browser/test_foreign_pages.py", "tests/contracts/test_hosts.py"),
    ),
    Row(
        "A5",
        "packed pages that grow, addresses that change",
        "bounded while unpacked; only checked addresses are connected to",
        (f"{APP}/intake/test_fetching.py",),
    ),
    Row(
        "A6",
        "searches, uploads, fetches and exports without end",
        "bounded, refused at once, health never waits",
        (
            f"{APP}/test_overload_api.py",
            f"{APP}/test_early_refusals.py",
            f"{APP}/test_admission.py",
            f"{APP}/test_health_watch.py",
        ),
    ),
    Row(
        "A7",
        "many askers at once",
        "bounded, in turn, told truly",
        (f"{APP}/test_overload_api.py", f"{APP}/test_admission.py"),
    ),
    Row(
        "A8",
        "faults in the loop of a worker",
        "survived, or the process ends and is started again; shown",
        (f"{APP}/test_worker_faults.py", f"{CRASH}/test_worker_faults.py"),
    ),
    Row(
        "A9",
        "small files that become large, time beyond proportion, one long document",
        "bounded; small documents go on",
        (
            "tests/ingestion/test_amplification.py",
            "tests/ingestion/test_linear_time.py",
            f"{APP}/test_turns.py",
        ),
    ),
    Row(
        "A10",
        "full disks, damaged databases and originals, held locks",
        "each told by its own code",
        (f"{APP}/test_machine_faults.py", f"{CRASH}/test_full_disk.py", f"{APP}/test_storage.py"),
    ),
    Row(
        "A11",
        "what can't be stored or read in requests",
        "4xx, never 5xx",
        (f"{APP}/test_unstorable_input.py", f"{APP}/test_described_requests.py"),
    ),
    Row(
        "A12",
        "a clock that is set back, names that turn the direction, misspelt settings",
        "survived or told",
        (f"{APP}/db/test_jobs.py", "tests/contracts/test_names.py", f"{APP}/settings/test_reading.py"),
    ),
    Row(
        "A13",
        "Delete and uploads on a page with many documents in progress",
        "they work",
        ("tests/browser/test_documents.py",),
    ),
    Row(
        "A14",
        "damaged checkpoints, kills while one is written",
        "the one before stands in",
        ("tests/generator/checkpoint/test_folder.py", "tests/generator/training/test_loop.py"),
    ),
    Row(
        "A15",
        "the terminal of `make run`",
        "addresses, progress and errors; a log file for the rest",
        (f"{APP}/test_run_output.py",),
    ),
)

ROWS = MATRIX + ATTACKED
