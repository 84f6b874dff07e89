"""More tables with the reading that a person gives them; all were written down before the rule was run on any of them."""

from __future__ import annotations

from tests.ingest.parse.readings import Reading
from tests.ingest.parse.table_makers import cell, html_table, page_file, sheet_file, slide_file, word_file


def _made(name: str, extension: str, content: bytes | str, *lines: str) -> Reading:
    return Reading(name, extension, content.encode() if isinstance(content, str) else content, lines)


LATER = [
    _made("sizes beside an empty corner", "html", page_file(html_table([["", "S", "M", "L"], ["Chest", "92", "98", "104"], ["Waist", "80", "86", "92"]])), "Chest – S: 92; M: 98; L: 104", "Waist – S: 80; M: 86; L: 92"),
    _made("opening hours over two columns", "html", page_file(html_table([["Day", cell("Opening hours", across=2)], ["", "morning", "afternoon"], ["Mon", "8–12", "13–17"], ["Sat", "9–12", "closed"]], heads=2)), "Day: Mon; Opening hours, morning: 8–12; Opening hours, afternoon: 13–17", "Day: Sat; Opening hours, morning: 9–12; Opening hours, afternoon: closed"),
    _made("labels in bold beside values", "html", page_file(html_table([[cell("Model", bold=True), "XR-2"], [cell("Weight", bold=True), "4 kg"], [cell("Power", bold=True), "60 W"]])), "Model: XR-2", "Weight: 4 kg", "Power: 60 W"),
    _made("a section in the first column of plain cells", "html", page_file(html_table([["Dish", "Price", "Size"], [cell("Soups", across=3)], ["Tomato", "4.50", "small"], ["Onion", "5.00", "large"]], heads=1)), "Soups", "Dish: Tomato; Price: 4.50; Size: small", "Dish: Onion; Price: 5.00; Size: large"),
    _made("a menu in one row", "html", page_file(html_table([["Home", "Products", "Contact"]])), "Home; Products; Contact"),
    _made("a value over two rows and a label over two", "html", page_file(html_table([["Line", "Stop", "Time"], [cell("12", down=2), "North gate", "7:10"], ["Market", "7:20"], ["14", "Harbour", "7:15"]], heads=1)), "Line: 12; Stop: North gate; Time: 7:10", "Line: 12; Stop: Market; Time: 7:20", "Line: 14; Stop: Harbour; Time: 7:15"),
    _made("a form inside a table", "html", page_file("<table><form><tr><th>Plan</th><th>Fee</th></tr><tr><td>Solo</td><td>9</td></tr></form></table>"), "Plan: Solo; Fee: 9"),
    _made("german without marks", "html", page_file(html_table([["Bezeichnung", "Menge", "Preis"], ["Schraube", "12", "0,20 €"], ["Mutter", "40", "0,10 €"]])), "Bezeichnung: Schraube; Menge: 12; Preis: 0,20 €", "Bezeichnung: Mutter; Menge: 40; Preis: 0,10 €"),
    _made("pictures as marks", "html", page_file('<table><tr><th>Feature</th><th>Free</th><th>Paid</th></tr><tr><td>Backup</td><td><img src="n.png" alt="no"></td><td><img src="y.png" alt="yes"></td></tr></table>'), "Feature: Backup; Free: no; Paid: yes"),
    _made("three columns of words with a head in capitals", "csv", "NAME,TOWN,TEAM\nAna,Lima,Red\nBen,Rome,Blue\nCem,Oslo,Red\n", "NAME: Ana; TOWN: Lima; TEAM: Red", "NAME: Ben; TOWN: Rome; TEAM: Blue", "NAME: Cem; TOWN: Oslo; TEAM: Red"),
    _made("dates without header", "csv", "2026-03-01,Lima,open\n2026-03-02,Rome,closed\n", "2026-03-01; Lima; open", "2026-03-02; Rome; closed"),
    _made("a currency with each amount", "csv", "Service;Fee;Due\nCopy;2,00 €;1 March\nStamp;1,00 €;2 March\n", "Service: Copy; Fee: 2,00 €; Due: 1 March", "Service: Stamp; Fee: 1,00 €; Due: 2 March"),
    _made("a quoted separator inside", "csv", 'Id,Name,Note\n1,"Field, Dana","said ""yes"""\n2,"Stone, Eva",none\n', 'Id: 1; Name: Field, Dana; Note: said "yes"', "Id: 2; Name: Stone, Eva; Note: none"),
    _made("codes in two columns without header", "csv", "A-1,Lima\nA-2,Rome\nA-3,Oslo\n", "A-1; Lima", "A-2; Rome", "A-3; Oslo"),
    _made("two titles above", "csv", "Stock report\nWarehouse 7\nPart;Count;Weight\nBolt;12;0,4\nNut;40;0,9\n", "Stock report", "Warehouse 7", "Part: Bolt; Count: 12; Weight: 0,4", "Part: Nut; Count: 40; Weight: 0,9"),
    _made("a record with one value", "csv", "Part,Price,Note\nBolt,2,new\nNut,,\n", "Part: Bolt; Price: 2; Note: new", "Part: Nut"),
    _made("questions in three columns", "docx", word_file([["Question", "Answer", "Since"], ["Who pays?", "The buyer pays all costs of the delivery.", "2024"], ["When?", "Payment is due within ten days.", "2025"]]), "Question: Who pays?; Answer: The buyer pays all costs of the delivery.; Since: 2024", "Question: When?; Answer: Payment is due within ten days.; Since: 2025"),
    _made("label and value with amounts", "docx", word_file([["Deposit", "200 EUR"], ["Rent", "800 EUR"], ["Heating", "90 EUR"]]), "Deposit: 200 EUR", "Rent: 800 EUR", "Heating: 90 EUR"),
    _made("label and value with a text first", "docx", word_file([["Tenant", "Dana Field"], ["From", "1 March 2026"], ["Until", "1 March 2028"]]), "Tenant: Dana Field", "From: 1 March 2026", "Until: 1 March 2028"),
    _made("two columns in bold above codes", "docx", word_file([[cell("Device", bold=True), cell("Serial", bold=True)], ["Pump", "P-100"], ["Fan", "F-200"]]), "Device: Pump; Serial: P-100", "Device: Fan; Serial: F-200"),
    _made("quarters below years in words", "docx", word_file([["", cell("2025", across=2), cell("2026", across=2)], ["", "Q1", "Q2", "Q1", "Q2"], ["Sales", "1", "2", "3", "4"]]), "Sales – 2025, Q1: 1; 2025, Q2: 2; 2026, Q1: 3; 2026, Q2: 4"),
    _made("pairs below a title", "docx", word_file([[cell("Contact", across=2)], ["Phone", "0800 555 010"], ["Mail", "a@b.example"]]), "Contact", "Phone: 0800 555 010", "Mail: a@b.example"),
    _made("a budget with percentages", "xlsx", sheet_file([["Budget 2026"], ["Post", "Planned", "Spent", "Share"], ["Staff", 1000, cell(750, form="#,##0.00"), cell(0.75, form="0%")], ["Rent", 400, cell(400, form="#,##0.00"), cell(1, form="0%")], ["Total", 1400, cell(1150, form="#,##0.00"), cell(0.8214, form="0.0%")]]), "Budget 2026", "Post: Staff; Planned: 1000; Spent: 750.00; Share: 75%", "Post: Rent; Planned: 400; Spent: 400.00; Share: 100%", "Post: Total; Planned: 1400; Spent: 1,150.00; Share: 82.1%"),
    _made("a remark beside the table", "xlsx", sheet_file([["Part", "Price", "Days", "", "Prices hold until June."], ["Bolt", 2, 3, "", ""], ["Nut", 1, 4, "", ""], ["Pin", 1, 4, "", ""]]), "Part: Bolt; Price: 2; Days: 3", "Part: Nut; Price: 1; Days: 4", "Part: Pin; Price: 1; Days: 4", "Prices hold until June."),
    _made("figures behind an empty column", "xlsx", sheet_file([["Item", "", "2025", "2026"], ["Sales", "", 10, 12], ["Costs", "", 7, 8]]), "Item: Sales; 2025: 10; 2026: 12", "Item: Costs; 2025: 7; 2026: 8"),
    _made("postcodes and telephone numbers", "xlsx", sheet_file([["Town", "Code", "Phone"], ["Lima", cell(1234, form="00000"), cell(5550101234, form="(000) 000-0000")], ["Rome", cell(987, form="00000"), cell(5550104321, form="(000) 000-0000")]]), "Town: Lima; Code: 01234; Phone: (555) 010-1234", "Town: Rome; Code: 00987; Phone: (555) 010-4321"),
    _made("a plan of shifts", "pptx", slide_file([["Shift", "Mon", "Tue"], ["Early", "Ana", "Ben"], ["Late", "Cem", "Ana"]]), "Shift: Early; Mon: Ana; Tue: Ben", "Shift: Late; Mon: Cem; Tue: Ana"),
    _made("pairs on a slide with a styled column", "pptx", slide_file([["Owner", "Eva Stone"], ["Due", "2 May"], ["Budget", "40,000"]], first_row=False, first_column=True), "Owner: Eva Stone", "Due: 2 May", "Budget: 40,000"),
    _made("a comparison in markdown", "md", "| Feature | Free | Paid |\n|:--|:-:|--:|\n| Backup | no | yes |\n| Seats | 1 | 25 |\n", "Feature: Backup; Free: no; Paid: yes", "Feature: Seats; Free: 1; Paid: 25"),
    _made("tabs in plain text", "txt", "Code\tMeaning\tDays\nF1\tToo hot\t2\nF2\tToo cold\t3\n", "Code: F1; Meaning: Too hot; Days: 2", "Code: F2; Meaning: Too cold; Days: 3"),
    _made("rows of equal standing in plain text", "txt", "Ana     Lima    Red\nBen     Rome    Blue\nCem     Oslo    Red\n", "Ana; Lima; Red", "Ben; Rome; Blue", "Cem; Oslo; Red"),
    _made("fonts alone in html pairs with a heading pair", "html", page_file(html_table([["Property", "Value"], ["Colour", "red"], ["Weight", "4 kg"]], heads=1)), "Property: Colour; Value: red", "Property: Weight; Value: 4 kg"),
]  # fmt: skip
