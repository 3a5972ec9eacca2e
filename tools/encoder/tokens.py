"""Makes the reference data of retrieval/encoder/tokenizer with the Hugging Face
tokenizers library (pip install tokenizers==0.23.3).

    tokens.py reduce tokenizer.json small.json.gz --size 6000
    tokens.py corpus small.json.gz ids.jsonl.gz [--texts more.jsonl]
    tokens.py points small.json.gz points.jsonl.gz
    tokens.py categories categories.go

reduce cuts a vocabulary down to what a test needs; corpus writes odd and
ordinary texts from a fixed seed with their ids, {"text", "ids"} a line; points
digests what becomes of each code point alone and beside others, before the
vocabulary hides it, {"from", "sha256"} a line;
categories writes what BertNormalizer takes for a control character, for
punctuation and for marks, which is not what newer tables of Unicode say.

A Unigram tokenizer.json has to list no added tokens, and to have a space in the
names of its special pieces, so that they match no text.
"""

import argparse
import gzip
import hashlib
import json
import random
import unicodedata

from tokenizers import Tokenizer, normalizers, pre_tokenizers

SENTENCES = """
Hello! Where is my order #48213? It was due on 3 May, and it's still "in transit".
I can't log in: the app says "Error 0x80070057" and closes after 5 seconds…
Please cancel my subscription, and refund the £12.99 that you took on 01/02/2024.
Does the blue one come in size XL, and do you ship to O'Connor Street, Perth?
The naïve café owner's résumé mentions Zoë, Åse and Michał.
Thx, got it!!! u r the best :-) <3
My e-mail is jane.doe+shop@example.co.uk, call +44 20 7946 0958 after 17:30.
Olá! Onde está a minha encomenda? Já passaram três semanas e ninguém responde.
Não consigo aceder à minha conta: a palavra-passe não é reconhecida.
Vocês aceitam PIX ou só cartão de crédito? O preço é R$ 1.299,90 à vista.
A devolução é grátis até 30 dias após a recepção do artigo, não é?
Preciso trocar o endereço de entrega antes da expedição, por favor.
¡Hola! ¿Dónde está mi pedido? Llevo diez días esperando y no llega.
No puedo iniciar sesión; me dice que la contraseña es incorrecta.
¿Cuánto cuesta el envío a las Islas Canarias? ¿Y a Perú o Colombia?
Quisiera una devolución: el artículo llegó dañado, con la caja rota.
El niño pequeño comió piña en el jardín del pingüino.
Доброго дня! Де моє замовлення? Його мали доставити ще у п'ятницю.
Не можу увійти до кабінету, бо забув пароль, а лист не надходить.
Скільки коштує доставка Новою поштою до Запоріжжя чи Ґданська?
Хочу повернути товар: розмір не підійшов, об’єм замалий.
Її їжак їсть щось дуже смачне, а його кіт — ні.
Здравствуйте! Где мой заказ? Его должны были привезти ещё в пятницу.
Не могу войти в личный кабинет: пишет «неверный логин или пароль».
Сколько стоит доставка в Екатеринбург и можно ли оплатить картой?
Хочу вернуть деньги за подписку, её списали дважды (№ 1024).
Съешь же ещё этих мягких французских булок, да выпей чаю.
"""

ODD = [
    "", " ", "   \t\n", "\u00a0", "\u3000\u2003", "\u2581", "\u2581\u2581a \u2581", "a\u2581b", "</s>", "<s> <pad> <unk> <mask>",
    "[CLS] [SEP] [MASK] [UNK] [PAD]", "##ing # ##", "\x00", "a\x00b", "\x01\x02\x7f\x80\x9f", "a\r\nb\rc\nd", "\x0b\x0c\x1c\x1d\x85",
    "\ufeffbom", "soft\u00adhyphen", "zero\u200bwidth\u200cjoin\u200der", "\u202eabc\u202c", "\u2066x\u2069", "\ufffd", "a\ufffd\u0301b",
    "\ufb01\u0301", "\u00aa\u0301\u0302", "e\u0301", "e\u0323\u0301", "e\u0301\u0323", "\u0600e\u0301", "\u1e9b\u0323", "\u2126 \u212b \u00c5 A\u030a",
    "\u0130 I\u0307 \u0131 \u01c5 \u1e9e \u00df \u03a3\u03c2\u03c3", "\uff28\uff45\uff4c\uff4c\uff4f\u3000\uff11\uff12\uff13\uff01", "\uff76\uff9e\uff8a\uff9f", "\u304b\u3099\u306f\u309a",
    "\u1100\u1161\u11a8\uac01\uac00\u11a8", "\ud55c\uad6d\uc5b4 \ubb38\uc7a5", "\u4f60\u597d\u4e16\u754c hello\u4f60b", "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u3067\u3059\u3002", "\U00020000\U0002a6df\uf900\U0002f800\U0002b81f\U0002b820\U0002b91f\U0002b920",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1fa\U0001f1e6\U0001f1f5\U0001f1f9\U0001f1e7 \U0001f44d\U0001f3fd \u2764\ufe0f", "\u00a9\u200d\u2122\u0301 \u2122\u0301", "1\ufe0f\u20e3",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645 \u064e\u0651 \ufdfa \ufefb", "\u05e9\u05dc\u05d5\u05dd \ufb2c \u05d1\u05bc\u05b0", "\u0915\u094d\u0937\u093f \u0928\u092e\u0938\u094d\u0924\u0947", "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e33", "\u0f40\u0fb5 \u0f73 \u0f75",
    "\u2460\u2474\u32ff\u3392\u33ff \u00bd \u2153 x\u00b2 \u2075", "\u2026 \u2025 \u2047 \u203c \uff5e \u301c \u223c ~", "\u02bc\u2019\u2018'`\u00b4", "a\u0488\u0489b \u0483", "\U0001d15e\u302e\U0001d165 \U0001d16d\U0001d165\u302f", "\u1b05\u1b35\u1b44 \u1bf3\u0327",
    "\ua7da\ua7cb\U00010d50\U00016ea0\u1c89", "\U00011935\U00011930 \U00011938", "\u180e\u2028\u2029\u205f\u1680", "a" * 99, "b" * 100, "c" * 101, "\u0436" * 100, "\u0436" * 101,
    "ab" * 3000, "Donaudampfschifffahrtsgesellschaft" * 40, "\U00010000" * 500, "e" + "\u0301" * 200, "\u00e9" * 300, "x y" * 600, "!?" * 120, "https://example.com/a/b?c=d&e=%20#f", "aaaa" * 100 + " " + "ha" * 77,
]


def corpus(seed):
    """Texts of every kind, always the same for a seed."""
    r = random.Random(seed)
    sentences = SENTENCES.strip().split("\n")
    yield from sentences
    yield " ".join(sentences)
    yield from ODD
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    named = [c for c in points if unicodedata.category(chr(c)) not in ("Cn", "Co")]
    marks = [c for c in named if unicodedata.category(chr(c))[0] == "M"]
    near = [c for c in marks if c < 0x800] + [0x200D, 0x20E3, 0xFE0F, 0x3099]
    small = [c for c in named if c < 0x3400]
    # Each block of the first planes, a stretch of it as it is and one letter a word.
    for start in range(0, 0x20000, 0x80):
        block = [chr(c) for c in range(start, start + 0x80) if not 0xD800 <= c < 0xE000]
        if any(unicodedata.category(c) != "Cn" for c in block):
            yield "".join(r.sample(block, 6)) + " " + " ".join(r.sample(block, 6))
    for _ in range(500):
        yield "".join(chr(r.choice(small)) + chr(r.choice(near)) * r.randint(0, 2) for _ in range(r.randint(1, 12)))
    for _ in range(200):
        yield "".join(chr(r.choice(named)) for _ in range(r.randint(1, 20)))
    for _ in range(150):
        yield "".join(chr(r.choice([0x61, 0x65, 0xAA, 0xFB01, 0x2122, 0x600, 0x6DD, 0xA9] + [r.choice(marks)] * 8)) for _ in range(r.randint(2, 15)))
    for _ in range(100):
        yield "".join(chr(r.choice([0x200D, 0xFE0F, 0x1F468, 0x1F469, 0x2764, 0x1F3FD, 0x1F1E6, 0x1F1FA, 0xA9, 0x31])) for _ in range(r.randint(2, 12)))
    for _ in range(100):
        yield "".join(chr(r.choice([r.randint(0x1100, 0x11FF), r.randint(0xAC00, 0xD7A3), r.randint(0x3131, 0x318E)])) for _ in range(r.randint(2, 10)))
    # Sentences with something odd dropped in, in another case or form.
    spaces = [" ", "  ", "\u00a0", "\u2009", "\t", "\u200b", "\u200d", "\u00ad", "\u2581", "\r\n", "\ufeff", "\u0001"]
    for _ in range(700):
        s = r.choice(sentences)
        for _ in range(r.randint(0, 3)):
            at = r.randint(0, len(s))
            s = s[:at] + r.choice([chr(r.choice(named)), chr(r.choice(near)), r.choice(spaces), r.choice(ODD[:60])]) + s[at:]
        s = r.choice([str, str, str.upper, str.title, lambda x: unicodedata.normalize("NFD", x), lambda x: x.replace(" ", "")])(s)
        yield s
    letters = "abcdefghijklmnopqrstuvwxyzабвгґдеєжзиіїйклмнопрстуфхцчшщьюяñçãõáéíóú"
    for _ in range(200):
        yield "".join(r.choice(letters) for _ in range(r.randint(1, 150)))


def load(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as f:
        return json.load(f)


def write(path, text):
    """A gzip without a time, so that it is the same each time."""
    with open(path, "wb") as f:
        f.write(gzip.compress(text.encode(), mtime=0))


def reduce(args):
    t = load(args.tokenizer)
    vocab = t["model"]["vocab"]
    single = lambda s: len(s) == 1 and (ord(s) < 0x180 or 0x400 <= ord(s) < 0x500 or 0x2000 <= ord(s) < 0x2070)
    if t["model"]["type"] == "Unigram":
        kept = [p for i, p in enumerate(vocab) if i < args.size or single(p[0]) or " " in p[0]]
        assert kept[t["model"]["unk_id"]] == vocab[t["model"]["unk_id"]]
        t["model"]["vocab"] = kept
    else:
        kept = [s for s, i in sorted(vocab.items(), key=lambda e: e[1])
                if s in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") or 1000 <= i < 1000 + args.size or single(s.removeprefix("##"))]
        t["model"]["vocab"] = {s: i for i, s in enumerate(kept)}
    write(args.out, json.dumps(t, ensure_ascii=False))


def ids(args):
    t = Tokenizer.from_str(json.dumps(load(args.tokenizer)))
    texts = list(corpus(args.seed))
    if args.texts:
        texts += [json.loads(line)["text"] for line in open(args.texts)]
    lines = [json.dumps({"text": s, "ids": e.ids}, ensure_ascii=False, separators=(",", ":"))
             for s, e in zip(texts, t.encode_batch(texts, add_special_tokens=False))]
    write(args.out, "\n".join(lines) + "\n")
    print(len(lines), "texts")


def points(args):
    t = Tokenizer.from_str(json.dumps(load(args.tokenizer)))
    lines = []
    for start in [*range(0, 0x32000, 512), *range(0xE0000, 0xE0200, 512)]:
        text = ""
        for c in map(chr, (c for c in range(start, start + 512) if not 0xD800 <= c < 0xE000)):
            # Does it map, join a base, hold one after it, take part in an emoji, and order marks?
            text += "\n".join([c, "\u00aa" + c, c + "e\u0301", "\U0001f468\u200d" + c + "\u0301", "x\U0001d16d" + c, "x" + c + "\u1b44", ""])
        words = [w for w, _ in t.pre_tokenizer.pre_tokenize_str(t.normalizer.normalize_str(text))]
        lines.append(json.dumps({"from": start, "sha256": hashlib.sha256(" ".join(words).encode()).hexdigest()}))
    write(args.out, "\n".join(lines) + "\n")


def ranges(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def categories(args):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    clean = normalizers.BertNormalizer(**{**off, "clean_text": True})
    strip = normalizers.BertNormalizer(**{**off, "strip_accents": True})
    split = pre_tokenizers.BertPreTokenizer()
    tables = {"control": ("is what CleanText drops.", []), "punct": ("is what is a word of its own.", []), "nonspacing": ("is what StripAccents drops.", []),
              "combining": ("is what StripAccents keeps and yet puts in canonical order.", [])}
    stripped = strip.normalize_str
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        s = chr(c)
        if not clean.normalize_str(s):
            tables["control"][1].append(c)
        alone = stripped(s)
        if not alone:
            tables["nonspacing"][1].append(c)
        # Of class 226, before which lower classes move, and 9, which moves before higher ones.
        elif stripped("\U0001d16d" + s) != "\U0001d16d" + alone or stripped(s + "\u1b44") != alone + "\u1b44":
            tables["combining"][1].append(c)
        if [w for w, _ in split.pre_tokenize_str("a" + s + "a")] == ["a", s, "a"]:
            tables["punct"][1].append(c)
    with open(args.out, "w") as f:
        f.write('// Code generated by tools/encoder/tokens.py categories; DO NOT EDIT.\n\npackage tokenizer\n\nimport "unicode"\n')
        for name, (doc, points) in tables.items():
            f.write(f"\n// {name} {doc}\nvar {name} = &unicode.RangeTable{{\n")
            low = [x for x in ranges(points) if x[1] < 0x10000]
            high = [x for x in ranges(points) if x[0] >= 0x10000]
            for size, part in ((16, low), (32, high)):
                if part:
                    f.write(f"\tR{size}: []unicode.Range{size}{{\n")
                    f.writelines(f"\t\t{{0x{a:04x}, 0x{b:04x}, 1}},\n" for a, b in part)
                    f.write("\t},\n")
            latin = sum(b <= 0xFF for _, b in low)
            f.write(f"\tLatinOffset: {latin},\n" if latin else "")
            f.write("}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    p = commands.add_parser("reduce")
    p.add_argument("tokenizer")
    p.add_argument("out")
    p.add_argument("--size", type=int, default=6000, help="pieces to keep, besides letters")
    p.set_defaults(run=reduce)
    p = commands.add_parser("corpus")
    p.add_argument("tokenizer")
    p.add_argument("out")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--texts", help='JSON lines with "text" to add')
    p.set_defaults(run=ids)
    p = commands.add_parser("points")
    p.add_argument("tokenizer")
    p.add_argument("out")
    p.set_defaults(run=points)
    p = commands.add_parser("categories")
    p.add_argument("out")
    p.set_defaults(run=categories)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
