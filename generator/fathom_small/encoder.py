"""The reading half of the model: document layers, reading layers, and the heads on top.

Dimensions in names: B rows (one question with one passage), Q question pieces, S passage pieces, L = Q + S,
D width, H heads, K head width, F feed-forward width.

A passage is read in two steps. The document layers see it alone, so their output, the passage's memory, does not
depend on the question and can be kept. The reading layers see the question's states and one memory together
(DeFormer, arXiv 2005.00697). What is exact about both texts, that a piece of one occurs in the other, is added to the
states between the two steps (the exact-match feature of DrQA, arXiv 1704.00051).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.fathom_small.config import ReaderConfig


class EncoderLayer(nn.Module):
    """Post-norm transformer layer (BERT, arXiv 1810.04805)."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.attention_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.up = nn.Linear(config.width, config.hidden)
        self.down = nn.Linear(config.hidden, config.width)
        self.output_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x_BLD: Tensor, mask_B11L: Tensor | None) -> Tensor:
        """Transform states; `mask_B11L` is True where a key may be attended to."""
        B, L, D = x_BLD.shape
        qkv_3BHLK = self.qkv(x_BLD).view(B, L, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        q_BHLK, k_BHLK, v_BHLK = qkv_3BHLK.unbind(0)
        mixed_BHLK = F.scaled_dot_product_attention(q_BHLK, k_BHLK, v_BHLK, attn_mask=mask_B11L)
        mixed_BLD = mixed_BHLK.transpose(1, 2).reshape(B, L, D)
        x_BLD = self.attention_norm(x_BLD + self.dropout(self.out(mixed_BLD)))
        out_BLD: Tensor = self.output_norm(x_BLD + self.dropout(self.down(F.gelu(self.up(x_BLD)))))
        return out_BLD


def layers_dtype(layers: nn.ModuleList) -> torch.dtype:
    """Number format of the layers' weights; float32 where there are none."""
    return next((p.dtype for p in layers.parameters()), torch.float32)


class DocumentLayers(nn.Module):
    """Embeddings and the layers that see one text alone: pieces in, memory out."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.pieces = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Embedding(config.max_positions, config.width)
        self.types = nn.Embedding(config.token_types, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.document_layers))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.pieces.weight.device

    def forward(self, ids_BL: Tensor, mask_BL: Tensor) -> Tensor:
        """Memory of texts.

        Args:
            ids_BL: int64 piece ids, `<s> ... </s>` included.
            mask_BL: bool, True at real pieces.

        Returns:
            [B, L, D] in the layers' own format; rows at padding are meaningless.
        """
        positions_L = torch.arange(ids_BL.shape[1], device=ids_BL.device)
        x_BLD: Tensor = self.norm(self.pieces(ids_BL) + self.positions(positions_L) + self.types.weight[0])
        x_BLD = x_BLD.to(layers_dtype(self.layers))
        for layer in self.layers:
            x_BLD = layer(x_BLD, mask_BL[:, None, None, :])
        return x_BLD


class ReadStates(NamedTuple):
    """Outputs of reading, by row.

    Attributes:
        states_BSD: Read states of the passage, for the decoder to attend to.
        start_BS: Logit that the answer starts at a piece; padding is -inf.
        end_BS: Logit that it ends with a piece; padding is -inf.
        null_B2: Start and end logits of "this passage does not answer".
        relevance_B: Logit that the passage holds the answer.
    """

    states_BSD: Tensor
    start_BS: Tensor
    end_BS: Tensor
    null_B2: Tensor
    relevance_B: Tensor


class ReadingLayers(nn.Module):
    """Layers that see question and passage together, and the heads for span, null and relevance."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.match = nn.Linear(config.match_features, config.width, bias=False)
        self.role = nn.Parameter(torch.zeros(2, config.width))
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.reading_layers))
        self.span = nn.Linear(config.width, 2)
        self.relevance = nn.Linear(config.width, 1)

    def forward(
        self,
        question_BQD: Tensor,
        question_mask_BQ: Tensor,
        memory_BSD: Tensor,
        memory_mask_BS: Tensor,
        question_match_BQM: Tensor,
        memory_match_BSM: Tensor,
    ) -> ReadStates:
        """Read each passage with its question.

        Args:
            question_BQD: Document-layer states of the question.
            question_mask_BQ: bool, True at real pieces.
            memory_BSD: Memory of the passage (rows may be gathered, order kept).
            memory_mask_BS: bool, True at readable pieces.
            question_match_BQM: Match features of question pieces (see `generator.fathom_small.match`).
            memory_match_BSM: Match features of passage pieces.
        """
        Q = question_BQD.shape[1]
        x_BLD = torch.cat(
            [
                question_BQD + self.role[0] + self.match(question_match_BQM),
                memory_BSD + self.role[1] + self.match(memory_match_BSM),
            ],
            dim=1,
        )
        mask_B11L = torch.cat([question_mask_BQ, memory_mask_BS], dim=1)[:, None, None, :]
        x_BLD = x_BLD.to(layers_dtype(self.layers))
        for layer in self.layers:
            x_BLD = layer(x_BLD, mask_B11L)
        x_BLD = x_BLD.to(self.span.weight.dtype)
        states_BSD = x_BLD[:, Q:]
        spans_BS2 = self.span(states_BSD).float().masked_fill(~memory_mask_BS[..., None], float("-inf"))
        return ReadStates(
            states_BSD=states_BSD,
            start_BS=spans_BS2[..., 0],
            end_BS=spans_BS2[..., 1],
            null_B2=self.span(x_BLD[:, 0]).float(),
            relevance_B=self.relevance(x_BLD[:, 0]).float().squeeze(-1),
        )


def reader_state_from_bert(bert: dict[str, Tensor], config: ReaderConfig) -> dict[str, dict[str, Tensor]]:
    """Rename a BERT encoder's weights for the two halves.

    Args:
        bert: State dict of `transformers.BertModel`.
        config: Document layers come first, reading layers after them.

    Returns:
        {"document": state for `DocumentLayers`, "reading": state of the layers in `ReadingLayers`}.
    """
    document = {
        "pieces.weight": bert["embeddings.word_embeddings.weight"],
        "positions.weight": bert["embeddings.position_embeddings.weight"],
        "types.weight": bert["embeddings.token_type_embeddings.weight"],
        "norm.weight": bert["embeddings.LayerNorm.weight"],
        "norm.bias": bert["embeddings.LayerNorm.bias"],
    }
    reading: dict[str, Tensor] = {}
    for i in range(config.document_layers + config.reading_layers):
        source = f"encoder.layer.{i}."
        late = i >= config.document_layers
        target = f"layers.{i - config.document_layers if late else i}."
        part = reading if late else document
        for kind in ("weight", "bias"):
            part[f"{target}qkv.{kind}"] = torch.cat(
                [bert[f"{source}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            )
            part[f"{target}out.{kind}"] = bert[f"{source}attention.output.dense.{kind}"]
            part[f"{target}attention_norm.{kind}"] = bert[f"{source}attention.output.LayerNorm.{kind}"]
            part[f"{target}up.{kind}"] = bert[f"{source}intermediate.dense.{kind}"]
            part[f"{target}down.{kind}"] = bert[f"{source}output.dense.{kind}"]
            part[f"{target}output_norm.{kind}"] = bert[f"{source}output.LayerNorm.{kind}"]
    return {"document": document, "reading": reading}
