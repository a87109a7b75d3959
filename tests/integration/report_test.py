# SPDX-License-Identifier: MIT
"""The page of a run, in headless Chromium.

usage: report_test.py KNACK [arguments for unittest]
"""

import json
import re
import time

import report_folders as folders
from report_case import Pages, data_of, lines_of, main, page_of, train


class FinishedRun(Pages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_folder = folders.whole(cls.folder / "run")
        cls.page = page_of(cls.run_folder)
        cls.data = data_of(cls.page)

    def setUp(self):
        self.browser.emulate()
        self.browser.resize(1100)
        self.browser.open(self.page)

    def chart(self, name):
        return next(chart for chart in self.data["charts"] if chart["id"] == name)

    def test_opens_without_errors_or_requests(self):
        self.expect_quiet(self.page)

    def test_lets_nothing_else_run_or_load(self):
        page = self.folder / "tampered.html"
        added = ('<script>document.title = "taken"</script><p style="color: red" onclick="taken()"></p>'
                 '<img src="http://127.0.0.1:9/x.png"><link rel="stylesheet" href="http://127.0.0.1:9/x.css">')
        page.write_text(self.page.read_text(encoding="utf-8").replace("<main>", "<main>" + added), encoding="utf-8")
        self.browser.open(page)
        self.assertNotEqual(self.browser.run("return document.title"), "taken")
        refusals = [message for message in self.browser.console() if "Content Security Policy" in message]
        self.assertGreaterEqual(len(refusals), 4)
        self.assertTrue(self.is_shown("#chart-loss canvas"))

    def test_draws_every_chart_as_svg_and_on_a_canvas(self):
        ids = [chart["id"] for chart in self.data["charts"]]
        for wanted in ("chart-loss", "chart-monitored", "chart-lr", "chart-grad-norm", "chart-samples-per-second",
                       "chart-trick-seconds", "chart-reported-1", "chart-loss-end"):
            self.assertIn(wanted, ids)
        drawn = "return document.querySelectorAll(`#${arguments[0]} ${arguments[1]}`).length"
        inked = ("const c = document.querySelector(`#${arguments[0]} canvas`);"
                 "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(byte => byte > 0)")
        for chart in self.data["charts"]:
            with self.subTest(chart["id"]):
                lines = [curve for curve in chart["curves"] if curve["kind"] != "point"]
                self.assertEqual(self.browser.run(drawn, chart["id"], "svg.static path.line"), len(lines))
                self.assertEqual(self.browser.run(drawn, chart["id"], ".uplot canvas"), 1)
                self.assertTrue(self.browser.run(inked, chart["id"]))

    def test_has_the_numbers_of_metrics_jsonl(self):
        lines = lines_of(self.run_folder)
        cases = [("chart-loss", "live", "valid", "live", "loss", False), ("chart-loss", "ema", "valid", "ema", "loss", False),
                 ("chart-loss", "train", "train", "live", "loss", False),
                 ("chart-loss", "train, by step", "step", "live", "loss", False),
                 ("chart-loss", "average", "valid", "average", "loss", True),
                 ("chart-monitored", "ema", "valid", "ema", "top1", False),
                 ("chart-monitored", "best", "valid", "best", "top1", True),
                 ("chart-lr", "Learning rate", "step", "live", "lr", False),
                 ("chart-grad-norm", "Gradient norm", "step", "live", "grad_norm", False),
                 ("chart-trick-seconds", "ema", "train", "live", "ema.seconds", False),
                 ("chart-samples-per-second", "Samples per second", "train", "live", "samples_per_second", False)]
        for chart, name, split, weights, metric, is_final in cases:
            with self.subTest(chart=chart, name=name):
                expected = [(line["step"], line[metric]) for line in lines if line["split"] == split
                            and line["weights"] == weights and line.get("final", False) == is_final]
                curve = next(each for each in self.chart(chart)["curves"] if each["name"] == name)
                self.assertGreater(len(expected), 0)
                self.assertEqual(list(zip(curve["x"], curve["y"])), expected)

    def test_has_the_numbers_of_the_summary_in_its_table(self):
        sets = json.loads((self.run_folder / "final" / "summary.json").read_text())["sets"]
        rows = self.browser.run(
            "return [...document.querySelectorAll('.sets tbody tr')].map(row => [row.querySelector('bdi').textContent,"
            "  ...[...row.querySelectorAll('td.n > data')].map(cell => Number(cell.value)), row.className])")
        self.assertEqual([row[0] for row in rows], list(sets))
        for row in rows:
            expected = [value for split in ("valid", "test") for value in sets[row[0]][split].values()]
            self.assertEqual(row[1:-1], expected)
            self.assertEqual(row[-1] == "chosen", row[0] == "ema")

    def test_has_a_table_of_each_curve(self):
        table = "return [...document.querySelectorAll('#chart-monitored tbody tr')].map(row => [...row.querySelectorAll('data')].map(cell => Number(cell.value)))"
        rows = self.browser.run(table)
        valid = [line for line in lines_of(self.run_folder) if line["split"] == "valid" and not line.get("final")]
        for epoch, row in enumerate(rows, 1):
            expected = [line["top1"] for line in valid if line["epoch"] == epoch]
            self.assertEqual(row[:4], [epoch, epoch * folders.STEPS, *expected])

    def test_shows_values_under_the_pointer(self):
        self.browser.mouse("#chart-loss .u-over", ("Moved", 0.5), ("Moved", 0.999))
        last = [line for line in lines_of(self.run_folder) if line["split"] == "valid" and not line.get("final")][-2:]
        outputs = self.browser.run("return [...document.querySelectorAll('#chart-loss .legend button')].map(b => [b.textContent])")
        shown = " ".join(text for each in outputs for text in each)
        for line in last:
            self.assertIn(f"{line['weights']}{line['loss']:.4f}", shown)
        self.assertIn("step 380", self.browser.run("return document.querySelector('#chart-loss .readout').textContent"))

    def test_puts_the_line_under_the_pointer_on_a_point(self):
        for across in (0.31, 0.5, 0.73):
            self.browser.mouse("#chart-loss .u-over", ("Moved", across))
            readout = self.browser.run("return document.querySelector('#chart-loss .readout').textContent")
            step = int(re.search(r"step (\d+)", readout)[1])
            self.assertEqual(step % folders.STEPS, 0)
            left, width = self.browser.run("return [new DOMMatrix(getComputedStyle(document.querySelector('#chart-loss .u-cursor-x')).transform).e,"
                                           "document.querySelector('#chart-loss .u-over').clientWidth]")
            self.assertAlmostEqual(left / width, (step - 1) / (folders.EPOCHS * folders.STEPS - 1), delta=0.003)
            shown = self.browser.run("return [...document.querySelectorAll('#chart-loss .legend button')].map(b => b.textContent).join(' ')")
            for line in lines_of(self.run_folder):
                if line["step"] == step and line["split"] == "valid" and not line.get("final"):
                    self.assertIn(f"{line['weights']}{line['loss']:.4f}", shown)

    def test_draws_the_markers_of_the_legend(self):
        # Of the canvas around the last point: a triangle and a diamond fill other pixels than a disk does.
        filled = ("""
            const color = getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim();
            const wanted = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
            const canvas = document.querySelector('#chart-monitored canvas');
            const {width, height} = canvas;
            const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            const rows = new Map();
            for (let y = 0; y < height; ++y) {
              for (let x = 0; x < width; ++x) {
                const at = 4 * (y * width + x);
                if (wanted.every((value, i) => Math.abs(pixels[at + i] - value) < 8) && pixels[at + 3] > 250) {
                  rows.set(y, (rows.get(y) ?? 0) + 1);
                }
              }
            }
            return [...rows.values()];""")
        triangle = self.browser.run(filled, "--c2")
        diamond = self.browser.run(filled, "--c3")
        for rows in (triangle, diamond):
            self.assertGreater(len(rows), 7)
        self.assertGreaterEqual(triangle.index(max(triangle)), len(triangle) - 2)
        self.assertAlmostEqual(diamond.index(max(diamond)), len(diamond) / 2, delta=1.5)
        self.assertLessEqual(max(diamond[0], diamond[-1]), 3)
        self.assertLess(sum(diamond), 0.62 * len(diamond) ** 2)  # a half of the square, a disk has 0.79

    def test_zooms_by_dragging_and_back_by_a_button(self):
        hidden = "return document.querySelector('#chart-loss .reset').hidden"
        self.assertTrue(self.browser.run(hidden))
        before = self.browser.picture(1100, 1300)
        self.browser.mouse("#chart-loss .u-over", ("Moved", 0.3), ("Pressed", 0.3), ("Moved", 0.5), ("Moved", 0.6), ("Released", 0.6))
        time.sleep(0.2)
        self.assertFalse(self.browser.run(hidden))
        self.assertNotEqual(self.browser.picture(1100, 1300), before)
        self.browser.run("document.querySelector('#chart-loss .reset').click()")
        time.sleep(0.2)
        self.assertTrue(self.browser.run(hidden))

    def test_is_worked_by_keys_alone(self):
        focusable = "return document.querySelectorAll('#chart-loss .live[tabindex=\"0\"], #chart-loss button:not([hidden]), #chart-loss summary').length"
        self.assertEqual(self.browser.run(focusable), 8)
        self.browser.run("const live = document.querySelector('#chart-loss .live'); live.focus();"
                         "live.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true, cancelable: true}))")
        time.sleep(0.1)
        self.assertRegex(self.browser.run("return document.querySelector('#chart-loss .readout').textContent"), r"step \d+")

    def test_hides_a_curve_and_shows_it_again(self):
        pressed = "return document.querySelector('#chart-loss .legend button').getAttribute('aria-pressed')"
        click = "document.querySelector('#chart-loss .legend button').click()"
        before = self.browser.picture(1100, 1300)
        self.browser.run(click)
        time.sleep(0.2)
        self.assertEqual(self.browser.run(pressed), "false")
        self.assertNotEqual(self.browser.picture(1100, 1300), before)
        self.browser.run(click)
        self.assertEqual(self.browser.run(pressed), "true")

    def test_is_dark_where_the_reader_wants_it(self):
        ground = "return getComputedStyle(document.documentElement).backgroundColor"
        pixels = ("const c = document.querySelector('#chart-loss canvas');"
                  "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].reduce((a, b) => (a * 31 + b) % 1e9, 7)")
        light, light_canvas = self.browser.run(ground), self.browser.run(pixels)
        self.browser.emulate("dark")
        time.sleep(0.3)
        self.assertEqual(light, "rgb(255, 255, 255)")
        self.assertLess(sum(map(int, re.findall(r"\d+", self.browser.run(ground))[:3])), 100)
        self.assertNotEqual(self.browser.run(pixels), light_canvas)

    def test_prints_the_svg(self):
        self.browser.emulate(media="print")
        self.assertTrue(self.is_shown("#chart-loss svg.static"))
        self.assertFalse(self.is_shown("#chart-loss .live"))
        pdf = self.browser.pdf()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(len(pdf), 20000)

    def test_fits_a_narrow_screen(self):
        self.browser.resize(400)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 400)
        self.assertLessEqual(self.browser.run("return document.querySelector('#chart-loss canvas').clientWidth"), 400)

    def test_tables_can_be_read_on_a_narrow_screen(self):
        for width in (400, 500):
            self.browser.resize(width)
            facts = self.browser.run("return [...document.querySelectorAll('.tricks .facts')].map(cell => cell.getBoundingClientRect())"
                                     ".map(box => [box.left, box.right, box.height])")
            self.assertEqual(len(facts), 3)
            for left, right, height in facts:
                self.assertGreater(right - left, 0.7 * width)
                self.assertLessEqual(right, width)
                self.assertLess(height, 100)
            cut = ("return [...document.querySelectorAll('.scroll caption, .table figcaption')]"
                   ".filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.textContent)")
            self.assertEqual(self.browser.run(cut), [])

    def test_says_which_epoch_the_time_of_evaluations_counts_to(self):
        caption = self.browser.run("return document.querySelector('#chart-trick-seconds figcaption').textContent")
        self.assertIn("evaluations after the epoch before", caption)

    def test_names_its_charts_for_screen_readers(self):
        names = self.browser.named_images()
        for chart in self.data["charts"]:
            self.assertTrue(any(name.startswith(chart["title"]) for name in names), (chart["title"], names))
        self.assertTrue(any(name.startswith("Confusion matrix") for name in names))
        self.assertNotIn("", names)
        self.assertTrue(any("ema: from" in name and "lowest" in name for name in names))

    def test_shows_what_the_run_was(self):
        text = self.browser.run("return document.body.innerText")
        for part in ("finished", "2 sessions", "LibTorch", "a4" * 32, "3 samples were left out <b>", "precise_bn",
                     "everything else", '"decay": 0.98', "8 GiB", "taken for"):
            self.assertIn(part, text)
        self.assertEqual(self.browser.run("return document.querySelectorAll('.samples img').length"), 16)
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('.samples img')].every(i => i.naturalWidth === 8)"), True)

    def test_is_a_function_of_the_folder(self):
        again = page_of(self.run_folder, "again.html")
        self.assertEqual(again.read_bytes(), self.page.read_bytes())


class WithoutScripts(Pages):
    runs_scripts = False

    def test_shows_charts_and_tables(self):
        page = page_of(folders.whole(self.folder / "run"))
        self.browser.open(page)
        self.assertTrue(self.is_shown("#chart-loss svg.static path.line"))
        self.assertFalse(self.is_shown("#chart-loss canvas"))
        self.assertTrue(self.is_shown(".sets tbody tr"))
        self.browser.driver.find_element("css selector", "#chart-loss summary").click()
        self.assertTrue(self.is_shown("#chart-loss tbody tr"))
        names = self.browser.named_images()
        self.assertTrue(any(name.startswith("Loss") for name in names), names)
        self.expect_quiet(page)


class RealRun(Pages):
    def test_has_written_its_page_itself(self):
        run = train(self.folder)
        page = run / "report.html"
        text = page.read_text(encoding="utf-8")
        self.assertEqual(text, page_of(run).read_text(encoding="utf-8"))
        self.browser.open(page)
        self.expect_quiet(page)
        curves = {(chart["id"], curve["name"]): curve for chart in data_of(page)["charts"] for curve in chart["curves"]}
        for name in ("live", "ema"):
            expected = [line["loss"] for line in lines_of(run) if line["split"] == "valid" and line["weights"] == name
                        and not line.get("final")]
            self.assertEqual(curves["chart-loss", name]["y"], expected)
        self.assertEqual(len(curves["chart-loss", "average"]["y"]), 1)
        self.assertIn("finished", self.browser.run("return document.body.innerText"))

    def test_tells_its_time_from_the_log(self):
        run = train(self.folder, "told")
        seconds = json.loads((run / "final" / "summary.json").read_text())["seconds"]
        (run / "final" / "summary.json").unlink()
        started = json.loads((run / "environment.json").read_text())["sessions"][0]["started"]
        first = (run / "log.txt").read_text().split(" ", 1)[0]
        self.assertRegex(first, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertLessEqual(started[:-1], first)  # or its first line counted to no session
        shown = re.search(r"Training time</dt><dd>([\d.]+) s<small>so far", page_of(run).read_text(encoding="utf-8"))
        self.assertAlmostEqual(float(shown[1]), seconds, delta=0.5)


if __name__ == "__main__":
    main()
