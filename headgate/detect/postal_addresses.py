"""Postal addresses: a street with its number, a box, a flat; and what belongs to them on both sides.

    28245 Puruntie 82 Apt. 595, LAPPEENRANTA, 53100

An address is told by a word for a street (`Road`, `straße`, `rue`, `via`), a box or a flat beside a number. What has none of these (`Edeby 55`)
is found only behind a label (`Address: …`). Town and postal code are taken along where they follow; alone they are no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CAP = r"[A-ZÀ-ÖØ-ÞĀ-ŽΑ-ΩА-Я][\w'’.-]{0,30}"
_NUMBER = r"\d{1,5}[a-zA-Z]?"
#: Words for a street that stand behind its name, before them the number: `12 Old Kent Road`.
_BEHIND = (
    r"(?:Street|Str?\.?|Road|Rd\.?|Drive|Dr\.?|Avenue|Ave?\.?|Lane|Ln\.?|Court|Ct\.?|Boulevard|Blvd\.?|Way|Place|Pl\.?|Square|Sq\.?|Terrace|Tce|Close|Crescent|Cres\.?|Highway|Hwy"
    r"|Parkway|Pkwy|Circle|Cir\.?|Trail|Loop|Row|Alley|Mews|Grove|Gardens|Parade|Esplanade|Quay|Hill|Park|Run|Ridge|Pike|Plaza)"
)
#: Words for a street that stand before its name, behind it the number: `Via Franscini 71`, `12 rue de la Paix`.
_AHEAD = (
    r"(?:Via|Viale|Vicolo|Piazza|Piazzale|Corso|Strada|Largo|[Rr]ue|[Aa]venue|Av\.?|Avda\.?|Avenida|[Bb]oulevard|Bd|[Aa]llée|[Cc]hemin|Quai|Impasse|Calle|C/|Carrer|Plaza|Paseo|Camino|Camiño|Rúa|Ronda"
    r"|Carretera|Ctra\.?|Rua|Travessa|Praça|Largo|Estrada|Alameda|Rodovia|ul\.|Ulica|al\.|Aleja|pl\.|Plac|os\.|улица|ул\.|проспект|Οδός|Strasse|Straße)"
)
#: Ends of names of streets: `Hauptstraße 5`, `Vesturgata 66`, `Kiannonkatu 98`.
_END = (
    r"(?:straße|strasse|strase|str\.|gasse|weg|platz|allee|damm|ufer|steig|stieg|chaussee|gata|gatan|gränd|vägen|väg|vej|gade|allé|vegen|vei|veien|katu|kuja|polku|puntie|untie|rintie|antie"
    r"|straat|laan|plein|gracht|kade|dijk|singel|dreef|baan|steenweg|utca|útja|tér|körút|plaats|plads|stræde|torg|vegur|stígur|braut)"
)
_FLAT = r"(?:[Aa]pt|[Aa]partment|[Ss]uite|[Ss]te|[Uu]nit|[Ff]lat|APT|SUITE|UNIT)\b\.? ?#? ?\d{1,5}[A-Za-z]?\b"
#: Such as make an address of any name and number: units are counted in manuals too.
_HOME = r"(?:[Aa]pt|[Aa]partment|[Ss]uite|[Ss]te|[Ff]lat|APT|SUITE)\b\.? ?#? ?\d{1,5}[A-Za-z]?\b"
_BOX = (
    r"(?:[Pp]\.? ?[Oo]\.? ?Box|p\.o\. box|Postfach|Postbus|Apartado(?: de Correos)?|Casella Postale|C\.P\.|BP) ?\d{1,6}|(?:PSC|CMR|Unit|psc|cmr|unit) \d{1,5},? [Bb]ox \d{1,5}|(?:USS|USNS|USCGC|USNV) \w{1,20}"
    r"|(?:[APD]PO|[apd]po) (?:A[AEP]|a[aep]) \d{5}"
)
#: Forms of a street, by what makes them one. The last but one need a flat: a name and a number alone are no address.
_STREETS = {
    "street behind": re.compile(rf"(?<![\w.])(?:{_NUMBER},? )?{_NUMBER},? (?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}{_BEHIND}(?![\w])"),
    "street behind, small": re.compile(rf"(?<![\w.])(?:{_NUMBER},? )?{_NUMBER},? (?:[^\W\d_][\w'’.-]{{1,30}} ){{1,3}}(?:street|road|avenue|boulevard)(?![\w])"),
    "street ahead": re.compile(rf"(?<![\w.])(?:{_NUMBER},? )?{_AHEAD} (?:[\w'’.-]{{1,30}} ){{1,5}}?(?:n[.º°o] ?)?{_NUMBER}(?![\w])"),
    "number, street ahead": re.compile(rf"(?<![\w.])(?:{_NUMBER} )?{_NUMBER},? (?:bis |ter )?{_AHEAD} (?:[\w'’-]{{1,30}}[ ,\n]){{1,5}}"),
    "street's end": re.compile(rf"(?<![\w.])(?:{_NUMBER},? )?(?:{_CAP} ){{0,2}}(?:{_CAP}|[a-zà-ÿ]{{3,25}}){_END} {_NUMBER}(?![\w])"),
    "street apart": re.compile(rf"(?<![\w.])(?:{_NUMBER} )?(?:{_CAP} ){{1,4}}(?:út|u\.|tér|katu|tie|gate|vei|gata|sokak|etorbidea|kalea|nám\.|ulica|cesta) {_NUMBER}\.?(?![\w])"),
    "flat behind": re.compile(rf"(?<![\w.])(?:{_NUMBER} )?(?:[^\W\d_][\w'’.-]{{1,30}} ){{1,4}}{_NUMBER}(?=[,\s>?]{{1,8}}{_HOME})"),
    "flat ahead": re.compile(rf"(?<![\w.]){_HOME},? (?:{_NUMBER} )?(?:[^\W\d_][\w'’.-]{{1,30}} ){{1,4}}{_NUMBER}(?![\w])"),
    "box": re.compile(rf"(?<![\w.]){_BOX}(?![\w])"),
}  # fmt: skip
_LABEL = re.compile(
    r"(?:(?<=\n)|(?<=[\s(])|^)(?P<whose>(?:home|postal|mailing|billing|shipping|delivery|street|office|visitors?|visiting|registered|our|my|his|her|their|[\w'’]{1,20}'s) )?"
    r"(?:address|adresse|anschrift|dirección|indirizzo|adres|endereço|adress|osoite|cím)\s?(?::\s{0,8}|(?(whose) is |:))(?=[^\n]{0,80}\d)(?P<written>[^\n;|]{6,100})",
    re.IGNORECASE,
)
_NO_POST = re.compile(
    r"(?:\b(?:ip|e-?mail|mac|web|url|memory|bind|listen|server|host|wallet|bitcoin|site|network|smtp|proxy|source|destination|peer|public|private|elastic) ?$)",
    re.IGNORECASE,
)
_NO_ADDRESS = re.compile(
    r"https?:|www\.|@|\d{1,3}\.\d{1,3}\.\d{1,3}|0x|[{}<>=$`\[\]]|\w/\w|\b\d+ (?:bytes|bits|characters)\b", re.IGNORECASE
)
#: What may follow a street: flats, towns, states, countries, at the end a postal code.
_REST = re.compile(
    rf"(?:[,\s>?-]{{1,8}}+(?:{_FLAT}|{_BOX})){{0,2}}"
    r"(?:[,\s>?-]{1,8}+(?:[^\W\d_][\w'’.()&-]{0,25}+[ ,>?\n]{1,6}+){0,7}(?:[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b|(?:[A-Z]{1,2}[- ])?\d{4,6}(?:-\d{3,4})?\b(?!\.\d)))?"
)
_FLATS_AHEAD = re.compile(rf"{_FLAT},? (?:{_NUMBER} )?$")


def find_postal_addresses(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every address; those that overlap are told once for each rule."""
    if not any(letter.isdigit() for letter in text):
        return
    for street in _STREETS.values():
        for found in street.finditer(text):
            ahead = _FLATS_AHEAD.search(text, max(found.start() - 24, 0), found.start())
            rest = _REST.match(text, found.end())
            yield ahead.start() if ahead else found.start(), max(rest.end() if rest else 0, found.end())
    for found in _LABEL.finditer(text):
        if not _NO_POST.search(text, max(found.start() - 14, 0), found.start() + 1) and not _NO_ADDRESS.search(found["written"]):
            yield found.start("written"), found.start("written") + len(found["written"].rstrip(" .,"))
