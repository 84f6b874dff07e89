"""Tables of all formats with the reading that a person gives them, decided before any program read them.

`lines` are all texts of the file in order, rows of a table one by one (the page's or sheet's own title is left away).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.ingest.parse.table_makers import cell, html_table, page_file, sheet_file, slide_file, word_file


@dataclass(frozen=True)
class Reading:
    name: str
    extension: str
    content: bytes
    lines: tuple[str, ...]


def _page(name: str, body: str, *lines: str) -> Reading:
    return Reading(name, "html", page_file(body), lines)


def _text(name: str, extension: str, text: str, *lines: str) -> Reading:
    return Reading(name, extension, text.encode(), lines)


def _word(name: str, content: bytes, *lines: str) -> Reading:
    return Reading(name, "docx", content, lines)


def _sheet(name: str, content: bytes, *lines: str) -> Reading:
    return Reading(name, "xlsx", content, lines)


def _slide(name: str, content: bytes, *lines: str) -> Reading:
    return Reading(name, "pptx", content, lines)


HTML = [
    _page("row headers with two values", html_table([["Monday", "9–12", "14–18"], ["Friday", "9–12", "closed"]], left=1), "Monday: 9–12; 14–18", "Friday: 9–12; closed"),
    _page("cross table with an empty corner", html_table([["", "Basic", "Team"], ["Price", "10", "49"], ["Seats", "5", "25"]], heads=1, left=1), "Price – Basic: 10; Team: 49", "Seats – Basic: 5; Team: 25"),
    _page("cross table with a named corner", html_table([["Zone", "2 kg", "5 kg"], ["North", "4.10", "6.30"]], heads=1, left=1), "Zone: North; 2 kg: 4.10; 5 kg: 6.30"),
    _page("two columns without marks", html_table([["Customer", "Acme Ltd"], ["Place", "Lima"], ["Contact", "Eva Stone"]]), "Customer: Acme Ltd", "Place: Lima", "Contact: Eva Stone"),
    _page("labels that end with a colon", html_table([["Name:", "Dana Field"], ["Room:", "7B"]], left=1), "Name: Dana Field", "Room: 7B"),
    _page("a head of plain cells", "<table><thead><tr><td>Plan</td><td>Contact</td></tr></thead><tbody><tr><td>Basic</td><td>Ana</td></tr><tr><td>Team</td><td>Ben</td></tr></tbody></table>", "Plan: Basic; Contact: Ana", "Plan: Team; Contact: Ben"),
    _page("a title over the whole width", html_table([[cell("Fees 2026", across=3)], ["Service", "Fee", "Days"], ["Copy", "2.00", "1"]], heads=2), "Fees 2026", "Service: Copy; Fee: 2.00; Days: 1"),
    _page("sections named across the table", "<table><tr><th>Country</th><th>Price</th><th>Days</th></tr><tr><th colspan=3>Europe</th></tr><tr><td>France</td><td>3</td><td>2</td></tr><tr><th colspan=3>Asia</th></tr><tr><td>Japan</td><td>7</td><td>6</td></tr></table>", "Europe", "Europe – Country: France; Price: 3; Days: 2", "Asia", "Asia – Country: Japan; Price: 7; Days: 6"),
    _page("groups of rows", "<table><tr><th>Floor</th><th>Room</th><th>Desks</th></tr><tr><th rowspan=2>First</th><th>1A</th><td>4</td></tr><tr><th>1B</th><td>6</td></tr><tr><th>Second</th><th>2A</th><td>8</td></tr></table>", "Floor: First; Room: 1A; Desks: 4", "Floor: First; Room: 1B; Desks: 6", "Floor: Second; Room: 2A; Desks: 8"),
    _page("a value across two columns", html_table([["Time", "Mon", "Tue", "Wed"], ["9:00", cell("Maths", across=2), "Art"]], heads=1), "Time: 9:00; Mon: Maths; Tue: Maths; Wed: Art"),
    _page("a remark across the table", html_table([["Service", "Fee", "Days"], ["Copy", "2.00", "1"], [cell("All fees include VAT.", across=3)]], heads=1), "Service: Copy; Fee: 2.00; Days: 1", "All fees include VAT."),
    _page("a page laid out in two columns", "<table><tr><td><h2>News</h2><p>The bridge is open.</p></td><td><h2>Links</h2><p>See the map.</p></td></tr></table>", "News", "The bridge is open.", "Links", "See the map."),
    _page("a box of one cell", html_table([["The gate is shut on Sundays."]]), "The gate is shut on Sundays."),
    _page("a table in a cell of a table", f"<table><tr><th>Site</th><th>Devices</th></tr><tr><td>Depot</td><td>{html_table([['Device', 'Serial'], ['Pump', 'P-100']], heads=1)}</td></tr></table>", "Site: Depot", "Devices", "Device: Pump; Serial: P-100"),
    _page("a head and no rows", "<table><thead><tr><th>Name</th><th>Price</th><th>Seats</th></tr></thead></table>", "Name; Price; Seats"),
    _page("a header that is repeated", html_table([["Code", "Meaning", "Remedy"], ["F1", "Hot", "Wait"]], heads=1).replace("</table>", "<tr><th>Code</th><th>Meaning</th><th>Remedy</th></tr><tr><td>F2</td><td>Cold</td><td>Warm up</td></tr></table>"), "Code: F1; Meaning: Hot; Remedy: Wait", "Code: F2; Meaning: Cold; Remedy: Warm up"),
    _page("years as header", html_table([["Item", "2024", "2025"], ["Sales", "1,900", "2,010"]]), "Item: Sales; 2024: 1,900; 2025: 2,010"),
    _page("three header rows", html_table([[cell("Region", down=3), cell("2025", across=4)], [cell("First half", across=2), cell("Second half", across=2)], ["Q1", "Q2", "Q3", "Q4"], ["North", "1", "2", "3", "4"]], heads=3), "Region: North; 2025, First half, Q1: 1; 2025, First half, Q2: 2; 2025, Second half, Q3: 3; 2025, Second half, Q4: 4"),
    _page("right to left", f'<div dir="rtl">{html_table([["المنتج", "السعر"], ["مصباح", "18"]], heads=1)}</div>', "المنتج: مصباح; السعر: 18"),
    _page("empty columns and rows", html_table([["Part", "", "Weight", "", "Size"], ["", "", "", "", ""], ["Bolt", "", "12", "", "M8"]], heads=1), "Part: Bolt; Weight: 12; Size: M8"),
    _page("a second header below", "<table><tr><th>Plan</th><th>Price</th></tr><tr><td>Basic</td><td>10</td></tr><tr><th>Extra</th><th>Fee</th></tr><tr><td>Backup</td><td>3</td></tr></table>", "Plan: Basic; Price: 10", "Extra: Backup; Fee: 3"),
    _page("a bold first row", html_table([[cell("Team", bold=True), cell("Lead", bold=True), cell("Base", bold=True)], ["Red", "Ana", "Lima"], ["Blue", "Ben", "Rome"]]), "Team: Red; Lead: Ana; Base: Lima", "Team: Blue; Lead: Ben; Base: Rome"),
    _page("rows of equal standing", html_table([["Ana", "Lima", "Red"], ["Ben", "Rome", "Blue"], ["Cem", "Oslo", "Red"]]), "Ana; Lima; Red", "Ben; Rome; Blue", "Cem; Oslo; Red"),
    _page("cells of several lines", "<table><tr><th>Step</th><th>Do</th></tr><tr><td>1</td><td>Open<br>the valve<ul><li>slowly</li><li>fully</li></ul></td></tr></table>", "Step: 1; Do: Open the valve slowly fully"),
    _page("totals in the foot", "<table><thead><tr><th>Item</th><th>Sum</th></tr></thead><tfoot><tr><th>Total</th><td>30</td></tr></tfoot><tbody><tr><th>Copy</th><td>10</td></tr><tr><th>Stamp</th><td>20</td></tr></tbody></table>", "Item: Copy; Sum: 10", "Item: Stamp; Sum: 20", "Item: Total; Sum: 30"),
    _page("nothing but row headers and a caption", "<table><caption>Contact</caption><tr><th>Phone</th><td>0800 555 010</td></tr><tr><th>Mail</th><td>a@b.example</td></tr></table>", "Contact", "Phone: 0800 555 010", "Mail: a@b.example"),
]  # fmt: skip

CSV = [
    _text("decimal commas", "csv", "Name;Price;Unit\nWidget;1,50;kg\nGadget;2,75;m\n", "Name: Widget; Price: 1,50; Unit: kg", "Name: Gadget; Price: 2,75; Unit: m"),
    _text("numbers without header", "csv", "4,17,0.3\n5,18,0.4\n", "4; 17; 0.3", "5; 18; 0.4"),
    _text("tabs and nothing but words", "tsv", "Name\tCity\tTeam\nAna\tLima\tRed\nBen\tRome\tBlue\n", "Name: Ana; City: Lima; Team: Red", "Name: Ben; City: Rome; Team: Blue"),
    _text("pipes", "csv", "Code|Meaning|Days\nF1|Hot, very|2\nF2|Cold|3\n", "Code: F1; Meaning: Hot, very; Days: 2", "Code: F2; Meaning: Cold; Days: 3"),
    _text("separator named after a byte order mark", "csv", "\ufeffsep=,\r\nPart,Weight\r\nBolt,12\r\nNut,4\r\n", "Part: Bolt; Weight: 12", "Part: Nut; Weight: 4"),
    _text("remarks above", "csv", "# exported on 1 March, by Ana\n# all prices net\nPart,Size,Price\nBolt,M8,0.20\nNut,M8,0.10\n", "exported on 1 March, by Ana", "all prices net", "Part: Bolt; Size: M8; Price: 0.20", "Part: Nut; Size: M8; Price: 0.10"),
    _text("line breaks in cells", "csv", 'Step,Text,Minutes\n1,"Open\nthe valve",5\n2,"Close, slowly",3\n', "Step: 1; Text: Open the valve; Minutes: 5", "Step: 2; Text: Close, slowly; Minutes: 3"),
    _text("stray quotes", "csv", 'Item,Size,Price\nPipe,5",3.00\n"Rod, long,2 m,4.00\nBar,1 m,5.00\n', 'Item: Pipe; Size: 5"; Price: 3.00', 'Item: "Rod; Size: long; Price: 2 m; 4.00', "Item: Bar; Size: 1 m; Price: 5.00"),
    _text("rows of different length", "csv", "Item,Size,Price\nPipe,5\nRod,2,4.00,old stock\n", "Item: Pipe; Size: 5", "Item: Rod; Size: 2; Price: 4.00; old stock"),
    _text("one column", "csv", "Lima\nRome\nOslo\n", "Lima", "Rome", "Oslo"),
    _text("one column of sentences with commas", "csv", "Remarks\nClosed, but only today\nOpen again\n", "Remarks", "Closed, but only today", "Open again"),
    _text("two columns with a header over numbers", "csv", "Sensor,Reading\nAlpha,20.5\nBeta,21.0\nGamma,19.8\n", "Sensor: Alpha; Reading: 20.5", "Sensor: Beta; Reading: 21.0", "Sensor: Gamma; Reading: 19.8"),
    _text("years above numbers", "csv", "Item,2024,2025\nSales,10,12\nCosts,7,8\n", "Item: Sales; 2024: 10; 2025: 12", "Item: Costs; 2024: 7; 2025: 8"),
    _text("months over two columns each", "csv", ",January,,February,\nShop,Sold,Left,Sold,Left\nLima,5,2,6,1\nRome,4,4,3,5\n", "Shop: Lima; January, Sold: 5; January, Left: 2; February, Sold: 6; February, Left: 1", "Shop: Rome; January, Sold: 4; January, Left: 4; February, Sold: 3; February, Left: 5"),
    _text("a title and a row of units", "csv", "Parts list\nPart;Weight;Length\n;(kg);(mm)\nBolt;0,1;20\nRod;2,5;900\n", "Parts list", "Part: Bolt; Weight (kg): 0,1; Length (mm): 20", "Part: Rod; Weight (kg): 2,5; Length (mm): 900"),
    _text("a missing value in the first row", "csv", "Ana,n/a,Lima\nBen,3,Rome\nCem,4,Oslo\n", "Ana; n/a; Lima", "Ben; 3; Rome", "Cem; 4; Oslo"),
    _text("names in small letters", "csv", "first_name,town,colour\nAna,Lima,Red\nBen,Rome,Blue\n", "first_name: Ana; town: Lima; colour: Red", "first_name: Ben; town: Rome; colour: Blue"),
    _text("years in every row", "csv", "Lima,2024,10\nRome,2025,12\nOslo,2023,9\n", "Lima; 2024; 10", "Rome; 2025; 12", "Oslo; 2023; 9"),
]  # fmt: skip

WORD = [
    _word("a marked header over two columns", word_file([["Plan", "Lead"], ["Basic", "Ana"], ["Team", "Ben"]], header_rows=1), "Plan: Basic; Lead: Ana", "Plan: Team; Lead: Ben"),
    _word("two marked header rows", word_file([[cell("Zone", down=2), cell("Parcel", across=2)], ["small", "large"], ["North", "ask", "ask"]], header_rows=2), "Zone: North; Parcel, small: ask; Parcel, large: ask"),
    _word("labels in bold", word_file([[cell("Customer", bold=True), "Acme Ltd"], [cell("Start", bold=True), "1 March 2026"], [cell("End", bold=True), "1 March 2027"]]), "Customer: Acme Ltd", "Start: 1 March 2026", "End: 1 March 2027"),
    _word("numbers below words", word_file([["Part", "Weight", "Price"], ["Bolt", "12", "0.20"], ["Nut", "4", "0.10"]]), "Part: Bolt; Weight: 12; Price: 0.20", "Part: Nut; Weight: 4; Price: 0.10"),
    _word("a style that shows the first row", word_file([["Team", "Lead", "Base"], ["Red", "Ana", "Lima"], ["Blue", "Ben", "Rome"]], style="Light List Accent 1"), "Team: Red; Lead: Ana; Base: Lima", "Team: Blue; Lead: Ben; Base: Rome"),
    _word("cells merged downwards", word_file([["Floor", "Room", "Desks"], [cell("First", down=2), "1A", "4"], ["1B", "6"]]), "Floor: First; Room: 1A; Desks: 4", "Floor: First; Room: 1B; Desks: 6"),
    _word("a box of one cell", word_file([["The gate is shut on Sundays."]]), "The gate is shut on Sundays."),
    _word("a form of label and value, twice across", word_file([["Name:", "Dana Field", "Phone:", "0800 555 010"], ["Room:", "7B", "Desk:", "12"]]), "Name: Dana Field; Phone: 0800 555 010", "Room: 7B; Desk: 12"),
    _word("a title over the whole width", word_file([[cell("Fees 2026", across=3)], ["Service", "Fee", "Days"], ["Copy", "2.00", "1"], ["Stamp", "1.00", "2"]]), "Fees 2026", "Service: Copy; Fee: 2.00; Days: 1", "Service: Stamp; Fee: 1.00; Days: 2"),
    _word("rows of equal standing", word_file([["Ana", "Lima", "Red"], ["Ben", "Rome", "Blue"]]), "Ana; Lima; Red", "Ben; Rome; Blue"),
    _word("a header repeated on the next page", word_file([["Code", "Meaning", "Remedy"], ["F1", "Hot", "Wait"], ["Code", "Meaning", "Remedy"], ["F2", "Cold", "Warm up"]], header_rows=1), "Code: F1; Meaning: Hot; Remedy: Wait", "Code: F2; Meaning: Cold; Remedy: Warm up"),
    _word("questions and answers", word_file([["Who pays?", "The buyer."], ["How long does it take?", "Ten days."]]), "Who pays? The buyer.", "How long does it take? Ten days."),
]  # fmt: skip

SHEETS = [
    _sheet("a title, a row of units", sheet_file([["Parts"], ["Part", "Weight", "Length"], ["", "kg", "mm"], ["Bolt", 0.1, 20], ["Rod", 2.5, 900]]), "Parts", "Part: Bolt; Weight, kg: 0.1; Length, mm: 20", "Part: Rod; Weight, kg: 2.5; Length, mm: 900"),
    _sheet("label and value", sheet_file([["Customer", "Acme Ltd"], ["City", "Lima"], ["Since", 2019]]), "Customer: Acme Ltd", "City: Lima", "Since: 2019"),
    _sheet("a table of Excel's own", sheet_file([["Plan", "Lead"], ["Basic", "Ana"], ["Team", "Ben"]], table="A1:B3"), "Plan: Basic; Lead: Ana", "Plan: Team; Lead: Ben"),
    _sheet("a frozen first row", sheet_file([["Squad", "Boss", "Base"], ["Red", "Ana", "Lima"], ["Blue", "Ben", "Rome"]], frozen="A2"), "Squad: Red; Boss: Ana; Base: Lima", "Squad: Blue; Boss: Ben; Base: Rome"),
    _sheet("a filtered header", sheet_file([["Squad", "Boss"], ["Red", "Ana"], ["Blue", "Ben"]], filtered="A1:B3"), "Squad: Red; Boss: Ana", "Squad: Blue; Boss: Ben"),
    _sheet("a merged header of two rows", sheet_file([[cell("Item", down=2), cell("Net", across=2), cell("Gross", across=2)], ["Small", "Large", "Small", "Large"], ["Chair", 40, 60, 48, 72]]), "Item: Chair; Net, Small: 40; Net, Large: 60; Gross, Small: 48; Gross, Large: 72"),
    _sheet("two tables side by side", sheet_file([["Part", "Price", "", "Town", "Shops"], ["Bolt", 2, "", "Lima", 4], ["Nut", 1, "", "Rome", 5], ["", "", "", "Oslo", 6]]), "Part: Bolt; Price: 2", "Part: Nut; Price: 1", "Town: Shops", "Lima: 4", "Rome: 5", "Oslo: 6"),
    _sheet("years as header", sheet_file([["Item", 2024, 2025], ["Sales", 10, 12], ["Costs", 7, 8]]), "Item: Sales; 2024: 10; 2025: 12", "Item: Costs; 2024: 7; 2025: 8"),
    _sheet("dates as header", sheet_file([["Task", cell(dt.date(2026, 3, 2), form="d mmm"), cell(dt.date(2026, 3, 9), form="d mmm")], ["Paint", 3, 4], ["Clean", 1, 2]]), "Task: Paint; 2 Mar: 3; 9 Mar: 4", "Task: Clean; 2 Mar: 1; 9 Mar: 2"),
    _sheet("totals", sheet_file([["Item", "Jan", "Feb"], ["Sales", 10, 12], ["Total", 10, 12]]), "Item: Sales; Jan: 10; Feb: 12", "Item: Total; Jan: 10; Feb: 12"),
    _sheet("numbers without header", sheet_file([["Ana", 3, 7], ["Ben", 4, 8]]), "Ana; 3; 7", "Ben; 4; 8"),
    _sheet("a title merged across and a bold header", sheet_file([[cell("Squads", across=3)], [cell("Squad", bold=True), cell("Boss", bold=True), cell("Base", bold=True)], ["Red", "Ana", "Lima"], ["Blue", "Ben", "Rome"]]), "Squads", "Squad: Red; Boss: Ana; Base: Lima", "Squad: Blue; Boss: Ben; Base: Rome"),
    _sheet("years and a unit in the middle above them", sheet_file([["", "", "Fiscal year", ""], ["", 2025, 2024, 2023], ["", "", "(in millions)", ""], ["Sales", 1452.4, 1146.2, 1036.9], ["Other", 44.1, 56.7, 70.8]]), "Sales – Fiscal year, 2025 (in millions): 1452.4; Fiscal year, 2024 (in millions): 1146.2; Fiscal year, 2023 (in millions): 1036.9", "Other – Fiscal year, 2025 (in millions): 44.1; Fiscal year, 2024 (in millions): 56.7; Fiscal year, 2023 (in millions): 70.8"),
]  # fmt: skip

SLIDES = [
    _slide("a first row that is shown as one", slide_file([["Squad", "Boss", "Base"], ["Red", "Ana", "Lima"], ["Blue", "Ben", "Rome"]]), "Squad: Red; Boss: Ana; Base: Lima", "Squad: Blue; Boss: Ben; Base: Rome"),
    _slide("a first column that is shown as one", slide_file([["Monday", "nine", "five"], ["Tuesday", "ten", "seven"]], first_row=False, first_column=True), "Monday: nine; five", "Tuesday: ten; seven"),
    _slide("label and value in the usual form", slide_file([["Customer", "Acme Ltd"], ["Place", "Lima"], ["Contact", "Eva Stone"]]), "Customer: Acme Ltd", "Place: Lima", "Contact: Eva Stone"),
    _slide("a merged header", slide_file([[cell("Zone", down=2), cell("Parcel", across=2)], ["2 kg", "5 kg"], ["North", "4.10", "6.30"]]), "Zone: North; Parcel, 2 kg: 4.10; Parcel, 5 kg: 6.30"),
    _slide("two columns with numbers below", slide_file([["Plan", "Price"], ["Basic", "10"], ["Team", "49"]]), "Plan: Basic; Price: 10", "Plan: Team; Price: 49"),
]  # fmt: skip

PLAIN = [
    _text("markdown with an empty corner", "md", "|  | Basic | Team |\n|---|---|---|\n| Price | 10 | 49 |\n", "Price – Basic: 10; Team: 49"),
    _text("row headers in markdown", "md", "<table><tr><th>Monday</th><td>nine to five</td></tr><tr><th>Sunday</th><td>closed</td></tr></table>\n", "Monday: nine to five", "Sunday: closed"),
    _text("markdown over two columns", "md", "| Plan | Lead |\n|---|---|\n| Basic | Ana |\n", "Plan: Basic; Lead: Ana"),
    _text("markdown whose header is empty", "md", "|  |  |\n|---|---|\n| Customer | Acme Ltd |\n| Place | Lima |\n", "Customer: Acme Ltd", "Place: Lima"),
    _text("columns of plain text", "txt", "Part    Weight    Price\nBolt    12        0.20\nNut     4         0.10\n", "Part: Bolt; Weight: 12; Price: 0.20", "Part: Nut; Weight: 4; Price: 0.10"),
    _text("pipes in plain text", "txt", "| Plan | Price | Seats |\n|------|-------|-------|\n| Home | 10 | 5 |\n", "Plan: Home; Price: 10; Seats: 5"),
    _text("pairs in plain text", "txt", "Customer    Acme Ltd\nPlace       Lima\nContact     Eva Stone\n", "Customer: Acme Ltd", "Place: Lima", "Contact: Eva Stone"),
]  # fmt: skip

READINGS = [*HTML, *CSV, *WORD, *SHEETS, *SLIDES, *PLAIN]
