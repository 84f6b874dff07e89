"""Page → HTML as a help centre serves it: the article inside navigation, breadcrumb, feedback form and footer."""

from __future__ import annotations

from html import escape

from formats.page import Page, markdown

_STYLE = (
    "body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1d2733}header,main,footer{max-width:56rem;margin:auto;padding:1rem}"
    "nav ul,nav ol{display:flex;gap:1rem;list-style:none;padding:0}table{border-collapse:collapse}"
    "th,td{border:1px solid #c5ced8;padding:.3rem .6rem;text-align:left}footer{border-top:1px solid #c5ced8;font-size:.85rem}"
)

#: Words around the article: help centre, four menu entries, updated, question, two answers, footer.
_WORDS = {
    "en": (
        "Help centre",
        "Plans",
        "Billing",
        "Faults",
        "Contact",
        "Last updated",
        "Was this page helpful?",
        "Yes",
        "No",
        "Privacy notice",
        "Cookies",
    ),
    "es": (
        "Centro de ayuda",
        "Tarifas",
        "Facturas",
        "Averías",
        "Contacto",
        "Última actualización",
        "¿Le ha sido útil esta página?",
        "Sí",
        "No",
        "Aviso de privacidad",
        "Cookies",
    ),
    "de": (
        "Hilfe",
        "Tarife",
        "Rechnung",
        "Störungen",
        "Kontakt",
        "Zuletzt geändert",
        "War diese Seite hilfreich?",
        "Ja",
        "Nein",
        "Datenschutz",
        "Cookies",
    ),
    "fr": (
        "Centre d'aide",
        "Offres",
        "Factures",
        "Pannes",
        "Contact",
        "Dernière mise à jour",
        "Cette page vous a-t-elle été utile ?",
        "Oui",
        "Non",
        "Confidentialité",
        "Cookies",
    ),
    "ja": (
        "ヘルプセンター",
        "料金プラン",
        "ご請求",
        "障害",
        "お問い合わせ",
        "最終更新日",
        "このページは役に立ちましたか。",
        "はい",
        "いいえ",
        "プライバシー",
        "クッキー",
    ),
}
_META = ("audience", "topic", "region", "effective_date", "owner", "confidentiality")


def render_html(page: Page) -> bytes:
    """A whole page, UTF-8. Raw HTML of the body reaches the file as it stands."""
    labels = {name: escape(value) for name, value in page.labels.items()}
    home, plans, billing, faults, contact, updated, question, yes, no, privacy, cookies = _WORDS[page.labels["language"]]
    meta = "\n".join(f'<meta name="{name}" content="{labels[name]}">' for name in _META)
    menu = "".join(
        f'<li><a href="/{place}/">{escape(name)}</a></li>'
        for place, name in zip(("plans", "billing", "faults", "account"), (plans, billing, faults, contact), strict=True)
    )
    return f"""<!DOCTYPE html>
<html lang="{labels["language"]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{labels["title"]}</title>
{meta}
<style>{_STYLE}</style>
</head>
<body>
<header>
<a class="logo" href="/">Northbeam Internet</a>
<nav aria-label="Menu"><ul>{menu}</ul></nav>
<form role="search" action="/search"><input type="search" name="q" aria-label="{escape(home)}"></form>
</header>
<nav aria-label="Breadcrumb"><ol><li><a href="/">{escape(home)}</a></li><li><a href="/{labels["topic"]}/">{labels["topic"].capitalize()}</a></li><li aria-current="page">{labels["title"]}</li></ol></nav>
<main>
<article>
{markdown().render(page.body)}</article>
</main>
<aside>
<p>{escape(updated)}: <time datetime="{labels["effective_date"]}">{labels["effective_date"]}</time></p>
<form class="feedback" action="/feedback" method="post"><p>{escape(question)}</p><button name="helpful" value="1">{escape(yes)}</button> <button name="helpful" value="0">{escape(no)}</button></form>
</aside>
<footer>
<ul><li><a href="/privacy/">{escape(privacy)}</a></li><li><a href="/cookies/">{escape(cookies)}</a></li></ul>
<p>© 2026 Northbeam Internet</p>
</footer>
</body>
</html>
""".encode()
