"""Tokenizers of words and of bytes, and small classifiers of token ids with random weights, in float64."""

import torch

WORDS = [
    "[UNK]",
    "[PAD]",
    "[MASK]",
    "[CLS]",
    "[SEP]",
    "it",
    "rains",
    "is",
    "wet",
    "the",
    "not",
    "film",
    "bad",
    "!",
    ".",
]


def pair_tokenizer(*, token_types=True):
    """[CLS] a [SEP], and [CLS] a [SEP] b [SEP] with token types 0 and 1."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 3), ("[SEP]", 4)],
    )
    names = ["input_ids", "token_type_ids", "attention_mask"] if token_types else ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]", model_input_names=names
    )


def byte_tokenizer(merges=()):
    """Bytes, and the pieces that the merges make of them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = ["".join(merge) for merge in merges]
    tokens = ["<pad>", "<mask>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *pieces]
    made = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=list(merges)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=made, mask_token="<mask>", pad_token="<pad>", unk_token="<unk>")


def classifier(kind, *, vocabulary=15, labels=3, places=32, **how):
    """A network with random weights, in evaluation mode."""
    import transformers

    wide = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    common = {"vocab_size": vocabulary, "num_labels": labels, "pad_token_id": 1, "initializer_range": 0.5} | how
    placed = {"max_position_embeddings": places}
    special = {"bos_token_id": 3, "eos_token_id": 4}
    distil = {"dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 8}
    make, config = {
        "bert": (transformers.BertForSequenceClassification, lambda: transformers.BertConfig(**wide, **placed, **common)),
        "roberta": (
            transformers.RobertaForSequenceClassification,
            lambda: transformers.RobertaConfig(**wide, **placed, **common, **special, type_vocab_size=1),
        ),
        "distilbert": (
            transformers.DistilBertForSequenceClassification,
            lambda: transformers.DistilBertConfig(**distil, **placed, **common),
        ),
        "electra": (
            transformers.ElectraForSequenceClassification,
            lambda: transformers.ElectraConfig(**wide, **placed, **common, embedding_size=8),
        ),
        "deberta": (
            transformers.DebertaV2ForSequenceClassification,
            lambda: transformers.DebertaV2Config(
                **wide, **placed, **common, relative_attention=True, position_biased_input=False, pos_att_type=["p2c", "c2p"]
            ),
        ),
        "xlnet": (
            transformers.XLNetForSequenceClassification,
            lambda: transformers.XLNetConfig(d_model=8, n_layer=1, n_head=2, d_inner=8, **common),
        ),
        "mpnet": (
            transformers.MPNetForSequenceClassification,
            lambda: transformers.MPNetConfig(**wide, **placed, **common, **special),
        ),
        "gpt2": (
            transformers.GPT2LMHeadModel,
            lambda: transformers.GPT2Config(
                vocab_size=vocabulary, n_embd=8, n_layer=1, n_head=2, n_positions=places, **special
            ),
        ),
        "opt": (
            transformers.OPTForCausalLM,
            lambda: transformers.OPTConfig(
                vocab_size=vocabulary, hidden_size=8, ffn_dim=8, num_hidden_layers=1, num_attention_heads=2,
                word_embed_proj_dim=8, pad_token_id=1, **placed, **special,
            ),
        ),
    }[kind]  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return make(config()).double().eval()
