from __future__ import annotations

import pytest

from headgate.ingest.parse.encoding import decode


@pytest.mark.parametrize(
    "text",
    [
        "Müller",
        "Keep below 22 °C at all times.",
        "It’s the customer’s choice – always.",
        "Store at 2 °C to 8 °C.",
        "Die Öffnungszeiten gelten für alle Gäste und Besucher unserer Häuser in München.",
        "5 × 3 m² at £20",
        "naïve",
        "¿Cuándo abre la oficina?",
        "Größe: 10 µm",
        "© 2026 Société Générale",
        "«Bonjour»",
        "Señor Ibáñez",
    ],
)
def test_western_text_with_few_letters_beyond_ascii_is_windows_1252(text: str) -> None:
    decoded, findings = decode(text.encode("cp1252"), path="a.txt")
    assert decoded == text
    assert [remark.code for remark in findings] == ["encoding"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Name;Ort\nMüller;Köln\nGröße;Füße\n", "cp850"),
        ("Zażółć gęślą jaźń, że aż miło było słuchać tej pieśni.", "cp1250"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy, a to každý den znovu.", "cp1250"),
        ("Az őrült fűnyíró árvíztűrő tükörfúrógépet vitt magával a kertbe.", "cp1250"),
        ("Şimdi bütün çocuklar ağaçların altında oturuyor ve ışığı bekliyor.", "cp1254"),
        ("Ąžuolas yra labai senas medis, kurį žmonės čia saugo šimtmečius.", "cp1257"),
        ("Программа открывает файл и сохраняет его.", "cp1251"),
        ("Программа открывает файл и сохраняет его.", "koi8-r"),
        ("Программа открывает файл и сохраняет его.", "cp866"),
        ("Η εφαρμογή ανοίγει το αρχείο.", "cp1253"),
        ("התוכנה פותחת את הקובץ ושומרת אותו", "cp1255"),
        ("يفتح البرنامج الملف ويحفظه في المجلد", "cp1256"),
        ("这个软件可以打开文件，并且保存到电脑。", "gb18030"),
        ("プログラムはファイルを開いて保存します。", "cp932"),
        ("プログラムはファイルを開いて保存します。", "euc_jp"),
        ("이 프로그램은 파일을 열고 저장합니다.", "cp949"),
        ("Café is closed on Sundays; ask the head waiter José.", "iso8859-15"),
    ],
)
def test_text_of_other_scripts_and_code_pages_is_read_in_its_own(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), path="a.txt")[0] == text


def test_a_stray_byte_in_utf_8_is_read_as_windows_1252_and_counted() -> None:
    decoded, findings = decode("Café is open. ".encode() + "Zürich is closed.".encode("cp1252"), path="a.txt")
    assert decoded == "Café is open. Zürich is closed."
    assert [str(remark) for remark in findings] == [
        "encoding: 1 byte(s) are not UTF-8 and were read as Windows-1252; the file mixes encodings"
    ]


@pytest.mark.parametrize("declared", ["x-unknown", "unicode", "utf-16", "binary"])
def test_an_unknown_or_wrong_name_does_not_turn_german_into_chinese(declared: str) -> None:
    assert decode("Zürich öffnet um neun.".encode("cp1252"), path="a.eml", declared=declared)[0] == "Zürich öffnet um neun."
