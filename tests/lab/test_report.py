# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kapsel lab report`: the page of a real run, read by a parser and looked at by a browser."""

import html
import json
import re
import subprocess
from html.parser import HTMLParser

import lib_browser
import lib_host
import pytest

RUN_TIMEOUT_S = 600 if lib_host.IN_VM else 120
# Each kind of picture is among them, but for the gauge: that needs a controller and has a test of its own.
EXERCISES = 8
PHONE, DESKTOP = 360, 1200
VOID = {"meta", "br"}

browser = pytest.mark.skipif(
    lib_browser.CHROMIUM is None or lib_host.IN_VM,
    reason="needs chromium, and a processor that is not emulated")


class Page(HTMLParser):
    """Elements with their attributes, texts, and what is wrong with the nesting."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.elements, self.open, self.faults, self.texts = text, [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice: {attrs}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> in {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag, **attributes):
        return [found for name, found in self.elements if name == tag
                and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())]


def lab(binary, *arguments):
    return subprocess.run([binary, "lab", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=RUN_TIMEOUT_S, check=False)


@pytest.fixture(scope="module")
def listed(binary):
    """What `kapsel lab list --json` says, by id: in the first EXERCISES."""
    done = lab(binary, "list", "--json", "--lang", "en")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()][:EXERCISES]


def write_report(binary, path, language, numbers):
    done = lab(binary, "report", "--html", str(path), "--lang", language, *map(str, numbers))
    assert done.returncode in (0, 1), done.stderr
    return path


@pytest.fixture(scope="module")
def english(binary, listed, tmp_path_factory):
    numbers = [exercise["number"] for exercise in listed]
    return write_report(binary, tmp_path_factory.mktemp("report") / "en.html", "en", numbers)


@pytest.fixture(scope="module")
def german(binary, listed, tmp_path_factory):
    numbers = [exercise["number"] for exercise in listed]
    return write_report(binary, tmp_path_factory.mktemp("report") / "de.html", "de", numbers)


@pytest.fixture(params=["english", "german"])
def report(request):
    """The page in each of its languages."""
    return request.getfixturevalue(request.param)


def test_every_element_is_closed_where_it_has_to_be(report):
    assert Page(report.read_text()).faults == []


def test_an_article_for_each_exercise_and_an_overview_that_leads_there(english, listed):
    page = Page(english.read_text())
    ids = [exercise["id"] for exercise in listed]
    assert [article["id"] for article in page.all("article")] == ids
    links = {link["href"] for link in page.all("a")}
    assert links == {"#" + name for name in ids}
    assert all(exercise["name"] in page.texts for exercise in listed)


def test_each_exercise_has_an_answer_of_the_kernel_from_both_runs(english):
    for article in english.read_text().split("<article ")[1:]:
        assert article.count('<section class="run ') == 2, article[:400]
        answers = re.findall(r'<p class="verdict"><span class="answer \w+">[A-Z]+</span>', article)
        assert len(answers) == 2, article[:400]
        assert "All restrictions of both starts" in article


def test_pictures_have_titles_and_every_picture_differs_by_its_id(report):
    page = Page(report.read_text())
    pictures = page.all("svg")
    assert len(pictures) >= 2 * EXERCISES - 2, "an onion for each run, except where the table names no layer"
    ids = [element["id"] for _, element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    for picture in pictures:
        title, description = picture["aria-labelledby"].split()
        assert title in ids and description in ids


def test_the_gate_shows_numbers_of_the_real_filter(english):
    text = english.read_text()
    gates = re.findall(r"(\d+) of (\d+) system calls pass", text)
    said = {int(number) for number in re.findall(r"(\d+) calls allowed", text)}
    assert gates, "no exercise had its call refused"
    for allowed, known in gates:
        assert int(allowed) in said, "the gate and the kernel's report disagree"
        assert int(allowed) < int(known)


def test_nothing_is_loaded_and_nothing_runs(report):
    text = report.read_text()
    page = Page(text)
    assert not page.all("script") and not page.all("link") and not page.all("img") and not page.all("iframe")
    for _, attributes in page.elements:
        assert not attributes.keys() & {"src", "style", "action"}, attributes
        assert not any(name.startswith("on") for name in attributes), attributes
        assert attributes.get("href", "#").startswith("#")
    style = text[text.index("<style>"):text.index("</style>")]
    assert "url(" not in style and "@import" not in style


def test_the_german_page_is_german_and_swiss(german, english):
    text = german.read_text()
    assert Page(text).all("html", lang="de-CH") and Page(english.read_text()).all("html", lang="en")
    assert "Übersicht" in text and "Prozess" in text
    assert "\N{LATIN SMALL LETTER SHARP S}" not in text


def luminance(colour):
    channels = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_has_the_contrast_of_wcag_aa_in_light_and_dark(english):
    sheets = [dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", root))
              for root in re.findall(r":root\{([^}]*)\}", english.read_text())]
    assert len(sheets) == 2
    pairs = [(ink, ground) for ink in ("ink", "dim", "hot", "cold", "fail") for ground in ("page", "panel")]
    pairs += [("hot", "hotpale"), ("cold", "coldpale"), ("ink", "hotpale"), ("ink", "coldpale")]
    pairs += [("on", ground) for ground in ("pass", "fail", "none", "cold")]
    pairs += [("pass", "panel"), ("none", "panel")]
    low = [(sheet[ink], sheet[ground], round(contrast(sheet[ink], sheet[ground]), 2))
           for sheet in sheets for ink, ground in pairs if contrast(sheet[ink], sheet[ground]) < 4.5]
    assert low == []


# A browser's window has a least width, a frame has none.  Opens what is folded, then writes down how wide
# the page is and what sticks out of it.
MEASURE = """<!DOCTYPE html><title>not measured</title>
<iframe width="{width}" height="800" style="border:0" srcdoc="{page}"></iframe>
<script>
onload = () => {{
    const page = document.querySelector("iframe").contentDocument;
    for (const fold of page.querySelectorAll("details")) fold.open = true;
    const edge = page.documentElement.clientWidth;
    const right = e => Math.round(e.getBoundingClientRect().right);
    const out = [...page.body.querySelectorAll("*")].filter(e => right(e) > edge + 1)
        .slice(0, 5).map(e => e.tagName + "." + e.getAttribute("class") + ":" + right(e));
    document.title = JSON.stringify({{edge, scroll: page.documentElement.scrollWidth, out}});
}};
</script>"""


def measure(report, directory, width, extra=""):
    """How wide the page is in a frame of that width."""
    text = report.read_text().replace("</body>", extra + "</body>")
    frame = directory / f"measure-{width}.html"
    frame.write_text(MEASURE.format(width=width, page=html.escape(text)))
    dom = lib_browser.run("--window-size=1400,900", "--dump-dom", frame.as_uri())
    return json.loads(html.unescape(re.search(r"<title>([^<]*)", dom).group(1)))


@browser
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_nothing_sticks_out_of_the_window(report, tmp_path, width):
    found = measure(report, tmp_path, width)
    assert found["edge"] == width
    assert found["out"] == [] and found["scroll"] <= found["edge"], found


@browser
def test_the_measurement_finds_what_sticks_out(english, tmp_path):
    found = measure(english, tmp_path, PHONE, extra='<p class="wide" style="width:700px">x</p>')
    assert found["scroll"] > found["edge"] and found["out"][0].startswith("P.wide"), found


@browser
@pytest.mark.parametrize("policy, title", [(True, "kapsel lab: report"), (False, "ran")])
def test_a_script_that_got_in_would_not_run(english, tmp_path, policy, title):
    text = english.read_text().replace("</body>", '<script>document.title = "ran"</script></body>')
    copy = tmp_path / "injected.html"
    copy.write_text(text if policy else re.sub(r"<meta http-equiv[^>]*>", "", text))
    assert f"<title>{title}</title>" in lib_browser.run("--dump-dom", copy.as_uri())


def colours(png):
    """How many there are, and how much of the picture the most frequent one takes."""
    _, _, size, rows = lib_browser.unpack_png(png)
    counts = {}
    for row in rows:
        for at in range(0, len(row), size):
            pixel = row[at:at + 3]
            counts[pixel] = counts.get(pixel, 0) + 1
    frequent = max(counts, key=counts.get)
    return len(counts), counts[frequent] / sum(counts.values()), sum(frequent) / 3


@browser
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_page_is_not_blank(english, tmp_path, width):
    png = lib_browser.screenshot(english, tmp_path / "page.png", width, 600)
    assert lib_browser.unpack_png(png)[0] == width
    number, share, ground = colours(png)
    assert number > 50 and share < 0.98, (number, share)
    assert ground > 200, "light unless dark is asked for"


@browser
def test_the_page_is_dark_where_that_is_asked_for(english, tmp_path):
    png = lib_browser.screenshot(english, tmp_path / "dark.png", PHONE, 600, dark=True)
    number, share, ground = colours(png)
    assert number > 50 and share < 0.98, (number, share)
    assert ground < 60


@browser
def test_each_exercise_begins_on_a_page_of_its_own_in_print(english, listed, tmp_path):
    data = lib_browser.pdf(english, tmp_path / "page.pdf")
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > len(listed)
    boxes = [[float(n) for n in box.split()] for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)]
    assert boxes and all(abs(box[2] - 595) <= 1 and abs(box[3] - 842) <= 1 for box in boxes), "not A4"


@pytest.mark.vm
def test_the_gauge_shows_what_the_cgroup_counted(binary, tmp_path):
    done = lab(binary, "list", "--json")
    limits = [e["number"] for e in map(json.loads, done.stdout.splitlines()) if "memory" in e["id"]]
    assert limits, done.stdout
    text = write_report(binary, tmp_path / "limits.html", "en", limits).read_text()
    assert re.search(r"memory: peak [\d.]+ [KM]iB of [\d.]+ MiB\.", text)
