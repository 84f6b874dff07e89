"""What a cell's text is: a number, a date, a code, words. Table headers are told from rows by it (table_header.py)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

CellKind = Literal["missing", "number", "quantity", "period", "date", "time", "code", "mark", "words"]

#: What stands where there is no value; an empty cell is one too.
_MISSING = frozenset({"", "-", "–", "—", "--", "---", ".", "..", "...", "…", "?", "n/a", "n.a.", "na", "nil", "null", "nan", "none", "tbd", "tba", "k. a.", "k.a.", "s/o", "n/d", "—%", "-%", "–%", "- -", "- - %"})  # fmt: skip
_MARKS = frozenset({"yes", "no", "true", "false", "ja", "nein", "oui", "non", "sí", "si", "x", "✓", "✔", "✗", "✘", "☐", "☑", "☒", "●", "○"})  # fmt: skip
_MONTHS = (
    "jan(?:uary|uar|vier|eiro)?|feb(?:ruary|ruar|rero|braio)?|mar(?:ch|s|zo|ço)?|märz?|mrz|apr(?:il|ile)?|avril|abr(?:il)?|may|mai|mayo|"
    "maggio|mei|maj|june?|juni|juin|junio|giugno|july?|juli|juillet|julio|luglio|aug(?:ust|ustus)?|août|ago(?:sto)?|sept?(?:ember|tembre)?|"
    "set(?:embro|tembre)?|okt(?:ober)?|oct(?:ober|obre)?|ott(?:obre)?|nov(?:ember|embre|iembre)?|de[cz](?:ember)?|déc(?:embre)?|dic(?:embre|iembre)?|ene(?:ro)?|février|janvier"
)
_DAYS = (
    "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|montag|dienstag|mittwoch|donnerstag|"
    "freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
)
_CURRENCY = r"(?:[£$€¥₹₩₽₺₴₫฿₪]|[A-Z]{1,3}\$|[A-Z]{3}|kr\.?|zł|Kč|Ft|lei)"
_DIGITS = r"[\d٠-٩۰-۹０-９](?:[\d٠-٩۰-۹０-９.,'’\u00a0\u202f ]{0,60}[\d٠-٩۰-۹０-９])?"
_NUMBER = re.compile(
    rf"^[(<>≤≥~≈±+−-]{{0,2}}\s{{0,3}}(?:{_CURRENCY}\s{{0,3}})?[(+−-]?\s{{0,3}}{_DIGITS}[kKmMbB]?\s{{0,3}}(?:%|‰|{_CURRENCY}|[.,]?[-–—]{{1,2}})?\s{{0,3}}\)?\s{{0,3}}(?:\*{{1,5}}|[¹²³]|\(\d\))?$"
)
_AMOUNT = rf"(?:{_CURRENCY}\s{{0,3}})?[+−-]?{_DIGITS}\s{{0,3}}(?:%|{_CURRENCY})?"
#: `0.39 - 0.46`, `max 0.025`, `up to 3`.
_BOUNDS = re.compile(
    rf"^(?:(?:max|min|approx|ca|about|up to|from|over|under|bis|ab|unter|über|jusqu'à|hasta|fino a)\.? )?{_AMOUNT}(?:\s?(?:[-–—]|to|bis|à)\s?{_AMOUNT})?(?: max\.?| min\.?)?$",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"^(?:\d{1,20} )?\d{1,20}[/⁄]\d{1,20}$")
_LONE_CURRENCY = re.compile(rf"^{_CURRENCY}\s{{0,3}}[(]?\s{{0,3}}[-–—]\s{{0,3}}[)]?$")
_QUANTITY = re.compile(rf"^[<>≤≥~≈±+−-]?\s{{0,3}}{_DIGITS}\s{{0,3}}[^\W\d_µ°]{{1,12}}(?:[²³/.]?[^\W\d_]{{0,8}}\d?)?(?:\s{{1,3}}[^\W\d_]{{1,12}})?$|^{_DIGITS}\s{{0,3}}[µ°][^\W\d_]{{0,3}}$")  # fmt: skip
_YEAR = re.compile(r"^(?:(?:FY|CY|GJ)\s{0,3})?(?:1[89]|20|21)\d\d(?:\s{0,3}[-–/]\s{0,3}(?:(?:1[89]|20|21)?\d\d))?\s{0,3}(?:[AEF]|\*{1,5}|\([^()]{1,12}\))?$|^FY\s?\d\d$", re.IGNORECASE)  # fmt: skip
_PART = re.compile(r"^(?:[QHTS][1-4]|[1-4][QH])(?:[\s/'’-]{0,20}(?:FY)?\s{0,3}\d{2,4})?$", re.IGNORECASE)
_MONTH_NAME = re.compile(rf"^(?:{_MONTHS})\.?(?:[\s'’/,-]{{1,20}}\d{{2,4}})?$", re.IGNORECASE)
_DAY_NAME = re.compile(rf"^(?:{_DAYS})\.?(?:\s?[-–/]\s?(?:{_DAYS})\.?)?$", re.IGNORECASE)
_DATE = re.compile(
    rf"^(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|\d{{1,2}}\.?[ -](?:{_MONTHS})\.?(?:[ ,-]{{1,20}}\d{{2,4}})?"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)(?:[ T]\d{{1,2}}:\d\d(?::\d\d)?)?$",
    re.IGNORECASE,
)
_TIME = re.compile(r"^\d{1,3}[:h]\d\d(?::\d\d)?\s{0,3}(?:[ap]\.?m\.?|Uhr)?(?:\s{0,3}[-–—]\s{0,3}\d{1,2}[:h]\d\d\s{0,3}(?:[ap]\.?m\.?|Uhr)?)?$|^\d{1,2}\s{0,3}[ap]\.?m\.?(?:\s{0,3}[-–—]\s{0,3}\d{1,2}\s{0,3}[ap]\.?m\.?)?$", re.IGNORECASE)  # fmt: skip
_CODE = re.compile(r"^(?=\S*\d)(?=\S*[^\W\d_])[^\s]{2,40}$")
_ADDRESS = re.compile(r"^(?:https?://|www\.)\S+$|^[\w.+-]{1,20}@[\w-]{1,20}(?:\.[\w-]{1,20})+$")
_PERIOD_WORDS = 60  # characters; longer texts are sentences


@lru_cache(maxsize=65_536)
def cell_kind(text: str) -> CellKind:
    """Kind of a cell's text, white space at its ends left aside.

    `period` is what columns are often named by: a year, a quarter, a month, a day of the week. `code` is one token of letters and
    digits (`P-100`), or an address; `quantity` a number with its unit (`2 kg`); `mark` a yes or no.
    """
    text = text.replace("\ufe0f", "").strip()
    folded = text.casefold()
    if folded in _MISSING or _LONE_CURRENCY.match(text):
        return "missing"
    if folded in _MARKS:
        return "mark"
    if len(text) > _PERIOD_WORDS:
        return "code" if _ADDRESS.match(text) else "words"
    if _YEAR.match(text) or _PART.match(text) or _MONTH_NAME.match(text) or _DAY_NAME.match(text):
        return "period"
    if _DATE.match(text):
        return "date"
    if _TIME.match(text):
        return "time"
    if _NUMBER.match(text) or _BOUNDS.match(text) or _FRACTION.match(text):
        return "number"
    if _QUANTITY.match(text):
        return "quantity"
    return "code" if _CODE.match(text) or _ADDRESS.match(text) else "words"


#: Words that name an attribute, in the languages most documents are in. Where a whole table is words, a row of these names its columns.
_ATTRIBUTES = frozenset(
    """
    name names title type kind case category class group status state description meaning definition explanation reason cause remedy
    solution action fix comment comments note notes remark remarks date day month year time period duration  start end from until
    due version revision author owner contact person role position department team office city town country region area zone place
    location address street postcode zip phone telephone mobile fax email e-mail mail website url link price cost costs fee fees rate
    rates amount total sum subtotal tax vat net gross discount currency unit units quantity qty count number no nr num id code key
    value values item items product products article part parts component model serial sku size weight height width length depth
    volume colour color material plan tier level grade score rank rating priority severity risk impact feature features function
    option options setting settings parameter parameters default field property attribute column format example examples file path
    command result results output input method model device devices service services port host protocol user users customer client
    supplier vendor company organisation organization firm department age gender language source target reference question answer
    topic subject task step stage phase deadline responsible assignee hours opening availability limit limits minimum maximum min
    max average mean range speed capacity power voltage temperature pressure room floor building seats route destination
    departure arrival distance order delivery shipping payment method account balance
    bezeichnung beschreibung bedeutung typ art kategorie gruppe datum tag monat jahr uhrzeit zeit zeitraum dauer beginn ende ort
    stadt land region gebiet zone adresse anschrift straße plz telefon handy preis preise kosten gebühr betrag summe gesamt netto brutto
    rabatt währung einheit menge anzahl nummer artikel produkt teil modell größe gewicht höhe breite länge tiefe farbe material
    wert werte eigenschaft merkmal feld einstellung parameter standard beispiel datei befehl ergebnis gerät dienst kunde lieferant
    firma abteilung verantwortlich zuständig aufgabe schritt frist priorität ursache maßnahme abhilfe lösung bemerkung hinweis
    frage antwort thema raum stufe leistung position
    nom prénom titre catégorie groupe statut état signification raison cause mois année heure durée début fin lieu
    ville pays région adresse téléphone courriel prix coût tarif montant somme devise unité quantité numéro référence article produit
    pièce modèle taille poids hauteur largeur longueur couleur matière valeur valeurs champ paramètre exemple fichier commande résultat
    appareil service client fournisseur société responsable tâche étape délai priorité remarque question réponse sujet salle niveau
    nombre apellido título tipo categoría grupo estado descripción significado motivo causa solución fecha día mes año hora duración
    inicio lugar ciudad país región dirección teléfono correo precio coste costo tarifa importe suma moneda unidad cantidad
    número código referencia artículo producto pieza modelo tamaño peso altura anchura longitud color valor valores campo
    ejemplo archivo resultado dispositivo servicio cliente proveedor empresa responsable tarea paso plazo prioridad observaciones
    pregunta respuesta tema nivel
    nome cognome titolo categoria gruppo stato descrizione significato motivo soluzione data giorno mese anno ora durata inizio fine
    luogo città paese regione indirizzo telefono prezzo costo tariffa importo somma valuta unità quantità numero codice articolo
    prodotto pezzo modello dimensione peso altezza larghezza lunghezza colore valore esempio risultato dispositivo servizio fornitore
    descrição significado cidade endereço preço custo quantidade produto tamanho cor exemplo serviço
    naam omschrijving beschrijving betekenis categorie groep datum dag maand jaar tijd duur plaats stad land adres telefoon prijs
    kosten bedrag eenheid aantal nummer artikel grootte gewicht kleur waarde voorbeeld dienst klant afdeling opmerking
    nazwa opis typ kategoria grupa data dzień miesiąc rok czas miejsce miasto kraj adres telefon cena koszt kwota jednostka ilość
    numer kod produkt rozmiar waga kolor wartość przykład usługa klient uwagi
    # № 名称 姓名 类型 日期 时间 地址 电话 价格 单价 数量 单位 金额 编号 型号 说明 备注 状态 城市 国家 名前 氏名 種類 日付 時間 住所 電話 価格 説明 備考
    название имя тип дата время адрес телефон цена количество единица номер код описание примечание статус город страна
    """.split()
)
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-Z])")
_TOKEN = re.compile(r"[^\W\d_]{1,20}(?:-[^\W\d_]{1,20})*|[#№]")


def is_attribute(text: str) -> bool:
    """Whether a short text names an attribute (`Delivery date`, `unit_price`, `Preis (EUR)`, `#`) rather than having one."""
    if cell_kind(text) != "words" or len(text) > _PERIOD_WORDS:
        return False
    words = [word.casefold() for word in _TOKEN.findall(_CAMEL.sub(" ", text.replace("_", " ")))]
    return 0 < len(words) <= 6 and any(
        word in _ATTRIBUTES or word.removesuffix("s") in _ATTRIBUTES for word in (words[0], words[-1])
    )
