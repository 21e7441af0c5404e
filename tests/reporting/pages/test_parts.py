from rlnas.reporting.pages.parts import TableCell, table


def test_everything_in_a_table_is_escaped(parse):
    text = table(["<h>", "x"], [["<a>", TableCell("&", "better")]])
    assert "&lt;h&gt;" in text
    assert "<td>&lt;a&gt;</td>" in text
    assert '<td class="better">&amp;</td>' in text
    parse(text)
