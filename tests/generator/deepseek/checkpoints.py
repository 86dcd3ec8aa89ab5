"""Small checkpoints as they are published, with a tokenizer: random ones, and ones that say a given text."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from generator.deepseek.adapters import save_adapters
from generator.deepseek.chat_tokenizer import ChatTokenizer
from generator.deepseek.published import load_deepseek
from generator.quoting.prompt import question_alone
from tests.generator.deepseek.published import KINDS, publish

V2, V3 = KINDS["V2 group-limited"], KINDS["V3 yarn"]
BOS, EOS, USER, ASSISTANT = (
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
)
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}"
    f"{USER}{{{{ m['content'] }}}}{{% else %}}{{{{ m['content'] }}}}\n\n{{% endif %}}{{% endfor %}}"
    f"{{% if add_generation_prompt %}}{ASSISTANT}{{% endif %}}"
)
TRAINED_ON = ["the cat sat on the mat. who sat on the mat? the passages do not answer this question."]
VOCABULARY = 320
WINDOW = 2048


def write_tokenizer(folder: Path, template: str | None = TEMPLATE, whole: tuple[str, ...] = ()) -> None:
    """Byte-level BPE in DeepSeek's form; texts in `whole` are one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=[BOS, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINED_ON, trainer)
    # As published, the marks of roles are added and not special.
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (USER, ASSISTANT, *whole)])
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"bos_token": BOS, "eos_token": {"__type": "AddedToken", "content": EOS}}
    config = {"tokenizer_class": "LlamaTokenizerFast", "add_bos_token": True, **named}
    if template is not None:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def random_checkpoint(kind: Any, folder: Path) -> Any:
    """Write one that says anything; gives the model of `transformers` that wrote it."""
    return publish(_sized(kind), folder)


def saying(kind: Any, folder: Path, *pieces: str, template: str | None = TEMPLATE) -> Path:
    """Write one that answers every prompt with these pieces and then ends.

    Each of its tokens calls for one next token, so the ids of the answer must all differ. A piece of more than one
    character is a token; a single one is as many as it has bytes.
    """
    model = publish(_sized(kind), folder)
    write_tokenizer(folder, template, tuple(piece for piece in pieces if len(piece) > 1))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.get_vocab_size() <= VOCABULARY
    begin = ChatTokenizer(folder).prompt(question_alone("?"))[-1]
    said = [i for piece in pieces for i in tokenizer.encode(piece, add_special_tokens=False).ids]
    chain = [begin, *said, tokenizer.token_to_id(EOS)]
    assert len(set(chain)) == len(chain), "a token would have two successors"
    with torch.no_grad():
        embedding_VD = torch.nn.functional.normalize(model.model.embed_tokens.weight, dim=1)
        # Large beside what attention and experts add to it, which all run.
        model.model.embed_tokens.weight.copy_(100 * embedding_VD)
        model.model.norm.weight.fill_(1.0)
        model.lm_head.weight.zero_()
        model.lm_head.weight[chain[1:]] = 10 * embedding_VD[chain[:-1]]
    model.save_pretrained(folder)
    return folder


@torch.no_grad()
def give_adapters(folder: Path, memory_width: int, gate: float = 0.0) -> None:
    """Put random adapters into a folder."""
    model = load_deepseek(folder, cross_every=2, memory_width=memory_width)
    for block in model.blocks:
        if block.cross is not None:
            block.cross.gate.fill_(gate)
    save_adapters(folder, model, {})


def _sized(kind: Any) -> Any:
    classes, changes = kind
    shape = {
        "vocab_size": VOCABULARY,
        "max_position_embeddings": WINDOW,
        "bos_token_id": 0,
        "eos_token_id": 1,
    }
    return classes, {**changes, **shape}
