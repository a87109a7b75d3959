# SPDX-License-Identifier: MIT
"""Headless Chromium, and what it says about a page."""

import base64
import json
import os
import shutil
import sys
import time

os.environ.setdefault("SE_OFFLINE", "true")  # selenium downloads nothing

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SKIPPED = 77


def require():
    """Ends the script, as skipped, where something is missing to drive a browser with."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        print("skipped: this needs the Python package selenium")
        sys.exit(SKIPPED)
    if not (CHROMIUM and DRIVER):
        print("skipped: this needs the programs chromium and chromedriver")
        sys.exit(SKIPPED)


class Browser:
    """A browser with or without scripts. Quit it in the end."""

    def __init__(self, runs_scripts=True, width=1100, height=900):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars", "--force-device-scale-factor=1", f"--window-size={width},{height}"):
            options.add_argument(argument)
        if not runs_scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))

    def quit(self):
        self.driver.quit()

    def open(self, path):
        """Shows a file; logs begin anew."""
        self.driver.get("about:blank")
        self.console()
        self.requests()
        self.driver.get(path.resolve().as_uri())
        time.sleep(0.3)

    def console(self):
        """What the page's console got since it was asked last: errors, refusals of its content security policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Addresses that were asked for since the last time, other than pictures within the page."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [address for address in sent if not address.startswith(("data:", "about:"))]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def command(self, name, **arguments):
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def emulate(self, scheme="light", media=""):
        self.command("Emulation.setEmulatedMedia", media=media,
                     features=[{"name": "prefers-color-scheme", "value": scheme}])

    def resize(self, width, height=900):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=False)
        time.sleep(0.4)

    def mouse(self, selector, *moves):
        """Moves of the mouse over an element, each "Moved", "Pressed" or "Released" and where, as a share of its width."""
        box = self.run("const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
                       "const box = e.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]", selector)
        is_down = False
        for what, share in moves:
            is_down = what == "Pressed" or (is_down and what != "Released")
            self.command("Input.dispatchMouseEvent", type=f"mouse{what}", x=box[0] + share * box[2],
                         y=box[1] + box[3] / 2, buttons=int(is_down), clickCount=int(what != "Moved"),
                         button="left" if is_down or what == "Released" else "none")
            time.sleep(0.05)

    def picture(self, width, height):
        """The top of the page as a PNG."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(taken["data"])

    def pdf(self):
        return base64.b64decode(self.command("Page.printToPDF", printBackground=False)["data"])

    def named_images(self):
        """Names that a screen reader gets for the pictures of the page."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        pictures = [node for node in nodes if node.get("role", {}).get("value") in ("img", "image")]
        return [node.get("name", {}).get("value", "") for node in pictures if not node.get("ignored")]
