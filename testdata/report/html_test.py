#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The report as a page: well-formed, needing nothing else, and saying what Markdown says.

usage: html_test.py TRIAGE STUCK_LOCK.txt GOLDEN.html...

Goldens are compared with what stands beside them as Markdown. Then `triage explain` is given the text STUCK_LOCK.txt with the program's name
made into markup.
"""
import html.entities
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

TRIAGE, TEXT, *GOLDENS = sys.argv[1:]
ELEMENTS = {"html": {"lang"}, "head": set(), "meta": {"charset", "name", "http-equiv", "content"}, "title": set(), "style": set(),
            "body": set(), "main": set(), "header": {"class"}, "section": set(), "h1": set(), "h2": set(), "p": {"class"},
            "b": {"class"}, "span": {"class"}, "dl": set(), "dt": {"class"}, "dd": set(), "ul": {"class"}, "ol": set(), "li": set(),
            "table": set(), "tr": set(), "td": set(), "pre": set()}
WITHIN = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}, "tr": {"table"}, "td": {"tr"}, "section": {"main"}, "h1": {"header"},
          "h2": {"section"}, "ul": {"section", "li"}, "ol": {"section"}}
HOSTILE = "<script>alert(1)</script>"
failed = 0


def expect(good, words):
    global failed
    if not good:
        print(words)
        failed += 1


def check_page(name, text):
    """The page's root; every element and attribute is one that such a page has, where it may stand."""
    root = ET.fromstring(text)
    for parent in root.iter():
        for child in parent:
            expect(parent.tag in WITHIN.get(child.tag, {parent.tag}), f"{name}: <{child.tag}> in <{parent.tag}>")
    for element in root.iter():
        expect(element.tag in ELEMENTS and set(element.keys()) <= ELEMENTS[element.tag],
               f"{name}: <{element.tag} {element.attrib}>")
    expect(not re.search(r"url\(|@import|http:|https:|//", root.find("head/style").text), f"{name}: the style loads something")
    headings = [heading.text for heading in root.iter("h2")]
    firsts = [heading for heading in headings if heading in ("Chain", "Ruled out", "Do now", "This run", "vmstat", "Cost")]
    wanted = [heading for heading in ("Chain", "Ruled out", "Do now", "This run", "vmstat", "Cost") if heading in firsts]
    expect(firsts == wanted, f"{name}: in this order: {headings}")
    return root


def words_of(text):
    """Letters and digits alone: neither escapes nor layout."""
    return re.sub(r"[^0-9A-Za-z]+", " ", text).split()


def check_against_markdown(name, root):
    with open(name[:-len(".html")] + ".md", encoding="utf-8") as file:
        markdown = re.sub(r"&(amp|lt|gt|#8203);", lambda m: html.entities.html5.get(m[1] + ";", ""), file.read())
    # numbers of a list are the browser's
    markdown = re.sub(r"(?m)^\d+\. ", "", markdown)
    page = sorted(words_of(" ".join(root.find("body").itertext())))
    expect(page == sorted(words_of(markdown)), f"{name}: says something else than its Markdown")
    commands = [pre.text for pre in root.iter("pre")]
    coded = [match[2].strip() for match in re.finditer(r"(?m)(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", markdown)]
    expect(commands and sorted(commands) == sorted(coded), f"{name}: commands {commands}, not {coded}")


def check_hostile():
    with open(TEXT, encoding="utf-8") as file:
        text = file.read().replace("sysbench sysbench", f"{HOSTILE} {HOSTILE}")
    done = subprocess.run([TRIAGE, "explain", "-v", "--format", "html", "-"], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    expect(done.returncode in (0, 1, 3), f"exit {done.returncode}: {done.stderr}")
    root = check_page("hostile", done.stdout)
    expect(HOSTILE in "".join(root.find("body").itertext()), "hostile: the name is not told as it is")


def main():
    for name in GOLDENS:
        with open(name, encoding="utf-8") as file:
            check_against_markdown(name, check_page(name, file.read()))
    expect(GOLDENS, "no goldens")
    check_hostile()
    return 1 if failed else 0


sys.exit(main())
