"""The reference implementation that the encoder is held to: the weights, as they
were before they were rounded to int8, as an ONNX graph for onnxruntime, with the
Hugging Face tokenizers."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers


def tokenizer(m):
    t = m.tokenizer
    special = {t[k] for k in ("begin", "end", "pad", "unknown")}
    # A customer's "</s>" is no special token: with a space in its name a piece
    # matches no text.
    names = [" " + p.decode() if i in special or p in (b"<mask>", b"[MASK]") else p.decode() for i, p in enumerate(m.pieces)]
    if t["type"] == "unigram":
        out = Tokenizer(models.Unigram([(n, float(s)) for n, s in zip(names, m.scores)], unk_id=t["unknown"]))
        out.normalizer = normalizers.Sequence([normalizers.Precompiled(m.charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
        out.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
        return out
    names[t["unknown"]] = "[UNK]"
    out = Tokenizer(models.WordPiece({n: i for i, n in enumerate(names)}, unk_token="[UNK]"))
    out.normalizer = normalizers.BertNormalizer(
        clean_text=t["clean_text"], handle_chinese_chars=t["chinese_chars"], strip_accents=t["strip_accents"], lowercase=t["lowercase"])
    out.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return out


def build(m):
    """BERT as PyTorch exports it, so that onnxruntime finds what it fuses."""
    hidden, heads = m.config["hidden"], m.config["heads"]
    size = hidden // heads
    initializers, nodes = [], []

    def constant(a, name=None):
        name = name or f"c{len(initializers)}"
        initializers.append(numpy_helper.from_array(np.array(a, order="C"), name))
        return name

    def node(kind, *inputs, out=None, **attributes):
        out = out or f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [out], name=f"n{len(nodes)}", **attributes))
        return out

    def integer(*v):
        return constant(np.array(v if len(v) > 1 else v[0], np.int64))

    def linear(x, name):
        return node("Add", node("MatMul", x, constant(m.weights[name + ".weight"].T)), constant(m.weights[name + ".bias"]))

    def normalise(x, name, out=None):
        return node("LayerNormalization", x, constant(m.weights[name + ".gain"]), constant(m.weights[name + ".bias"]),
                    axis=-1, epsilon=float(m.config["epsilon"]), out=out)

    positions = m.weights["positions"][m.config["position_offset"] :]
    length = node("Gather", node("Shape", "input_ids"), integer(1), axis=0)
    at = node("Range", integer(0), length, integer(1))
    rows = m.rows if m.groups is None else (m.groups[0].reshape(-1, 32) * m.groups[1].reshape(-1, 1).astype("f4")).reshape(-1, hidden)
    x = node("Add", node("Gather", constant(rows), "input_ids"), node("Gather", constant(positions), at, axis=0))
    x = normalise(x, "embeddings.norm")
    one = constant(np.array([1], np.int64))
    mask = node("Unsqueeze", node("Unsqueeze", "attention_mask", one), constant(np.array([2], np.int64)))
    mask = node("Mul", node("Sub", constant(np.float32(1)), node("Cast", mask, to=TensorProto.FLOAT)), constant(np.float32(-10000)))
    for l in range(m.config["layers"]):
        q, k, v = (node("Transpose", node("Reshape", linear(x, f"{l}.{n}"), integer(0, 0, heads, size)), perm=p)
                   for n, p in [("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])])
        scores = node("Div", node("MatMul", q, k), constant(np.float32(size**0.5)))
        mixed = node("MatMul", node("Softmax", node("Add", scores, mask), axis=-1), v)
        mixed = node("Reshape", node("Transpose", mixed, perm=[0, 2, 1, 3]), integer(0, 0, hidden))
        x = normalise(node("Add", linear(mixed, f"{l}.attention"), x), f"{l}.attention.norm")
        inner = linear(x, f"{l}.inner")
        erf = node("Add", node("Erf", node("Div", inner, constant(np.float32(2**0.5)))), constant(np.float32(1)))
        inner = node("Mul", node("Mul", inner, erf), constant(np.float32(0.5)))
        last = l == m.config["layers"] - 1
        x = normalise(node("Add", linear(inner, f"{l}.outer"), x), f"{l}.outer.norm", out="last_hidden_state" if last else None)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"]) for n in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", hidden])
    graph = helper.make_graph(nodes, m.config["name"], inputs, [output], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def session(model, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model if isinstance(model, str) else model.SerializeToString(), options)


class Reference:
    def __init__(self, m):
        self.special, self.config = m.tokenizer, m.config
        self.tokenizer, self.session = tokenizer(m), session(build(m))

    def ids(self, kind, text):
        t = self.special
        ids = self.tokenizer.encode(self.config["prefix"].get(kind, "") + text, add_special_tokens=False).ids
        return [t["begin"]] + ids[: self.config["max_tokens"] - 2] + [t["end"]]

    def run(self, ids):
        ids = np.array([ids], np.int64)
        return self.session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

    def vector(self, kind, text):
        """The vector of a text as the model's authors define it, of length one."""
        x = self.run(self.ids(kind, text))
        v = x[0] if self.config["pooling"] == "cls" else x.mean(0)
        return v / np.linalg.norm(v)
