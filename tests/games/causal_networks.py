"""Small causal language models in float64, a tokenizer for them, and networks that only look like causal language models."""

import torch
from torch import nn

from symbolscope.core.wrapped_network import forward_parameters

VOCABULARY = ["[UNK]", "[PAD]", "[MASK]", "the", "film", "is", "not", "bad", "at", "all", ",", "!", ".", "it", "was"]


def word_tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]")


def causal_network(kind, *, attention="sdpa", layers=2):
    """A network with random weights, in evaluation mode."""
    import transformers

    common = {"vocab_size": len(VOCABULARY), "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 1}
    rotary = common | {
        "hidden_size": 16,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
    }
    config = {
        "gpt2": lambda: transformers.GPT2Config(n_embd=16, n_layer=layers, n_head=2, n_positions=64, **common),
        "llama": lambda: transformers.LlamaConfig(**rotary),
        "qwen2": lambda: transformers.Qwen2Config(**rotary),
        "mistral": lambda: transformers.MistralConfig(**rotary, sliding_window=32),
        "gpt_neox": lambda: transformers.GPTNeoXConfig(
            **{name: value for name, value in rotary.items() if name != "num_key_value_heads"}
        ),
        "bert": lambda: transformers.BertConfig(
            **{name: value for name, value in rotary.items() if name != "num_key_value_heads"}
        ),
    }[kind]()
    config._attn_implementation = attention
    make = transformers.BertLMHeadModel if kind == "bert" else transformers.AutoModelForCausalLM.from_config
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make(config).double().eval()


class Recurrent(nn.Module):
    """Token ids to logits per token, without any of a transformer's arguments."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embedding = nn.Embedding(len(VOCABULARY), 8)
            self.rnn = nn.LSTM(8, 8, batch_first=True)
            self.head = nn.Linear(8, len(VOCABULARY))

    def forward(self, input_ids):
        return self.head(self.rnn(self.embedding(input_ids))[0])


class Careless(nn.Module):
    """Takes all that sharing prefixes needs, and pays no heed to the argument named."""

    def __init__(self, network, ignored):
        super().__init__()
        self.inner, self.ignored, self.config = network, ignored, network.config

    def forward(self, input_ids, attention_mask=None, position_ids=None, past_key_values=None, use_cache=None):
        given = {
            "attention_mask": attention_mask,
            "position_ids": position_ids,
            "past_key_values": past_key_values,
        }
        given[self.ignored] = None
        if "cache" in forward_parameters(self.inner):  # its name since transformers 5.24
            given["cache"] = given.pop("past_key_values")
        return self.inner(input_ids=input_ids, use_cache=use_cache, **given)
