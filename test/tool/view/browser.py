"""Chromium without a window, driven over a pipe by the DevTools protocol
(https://chromedevtools.github.io/devtools-protocol/): a page, its errors, keys, and pictures of it."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 240


class Browser:
    """One process; `with Browser() as browser`."""

    def __enter__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise RuntimeError("there is no chromium; scripts/packages.sh names it")
        self.folder = tempfile.TemporaryDirectory(prefix="cenote_browser_")
        to_child, self.to = os.pipe()
        self.source, from_child = os.pipe()

        def place_pipes():  # where the browser looks for them
            first, second = os.dup(to_child), os.dup(from_child)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
             f"--user-data-dir={self.folder.name}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(3, 4), preexec_fn=place_pipes,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder.name})
        os.close(to_child)
        os.close(from_child)
        self.received = b""
        self.number = 0
        self.events = []
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (OSError, RuntimeError, EOFError, TimeoutError):
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self.to)
        os.close(self.source)
        self.folder.cleanup()

    def receive(self, end):
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.source], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.source, 1 << 20)
            if not more:
                raise EOFError("the browser is gone")
            self.received += more
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, **how):
        return Page(self, path, **how)


class Page:
    """A file in a tab of its own, when it says that it is all shown."""

    def __init__(self, browser, path, width=1280, height=800, dark=False):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.width, self.height = width, height
        self.resize(width, height)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=f"file://{os.path.abspath(path)}")
        end = time.monotonic() + PATIENCE
        while not self.value("location.href !== 'about:blank' && document.documentElement?.dataset.shown"):
            if self.errors() or time.monotonic() > end:
                raise AssertionError(f"the page is not shown: {self.errors()}")
            time.sleep(0.02)

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def value(self, expression):
        """Of an expression of JavaScript, as JSON has it."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)}).textContent")

    def press(self, key, shift=False):
        """And waits until what it changes is on the screen."""
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Enter": 13,
                 "Escape": 27, "Tab": 9, " ": 32}
        text = {} if len(key) > 1 and key != "Enter" else {"text": "\r" if key == "Enter" else key}
        how = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper())), "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **how, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **how)
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def click(self, selector):
        self.value(f"document.querySelector({json.dumps(selector)}).click()")
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def _of(self, *methods):
        return [e["params"] for e in self.browser.events if e.get("sessionId") == self.session and e["method"] in methods]

    def errors(self):
        """What the console has of errors and warnings, and what was thrown."""
        thrown = self._of("Runtime.exceptionThrown")
        logged = [e for e in self._of("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]
        called = [e for e in self._of("Runtime.consoleAPICalled") if e["type"] in ("error", "warning", "assert")]
        return thrown + logged + called

    def requests(self):
        """What was asked for beside the file itself and what is in it."""
        urls = [e["request"]["url"] for e in self._of("Network.requestWillBeSent")]
        return [url for url in urls if not url.startswith("data:")][1:]

    def screenshot(self, path, whole=True):
        """The whole page, or what is on the screen, as a PNG."""
        if whole:
            height = self.call("Page.getLayoutMetrics")["cssContentSize"]["height"]
            self.resize(self.width, int(height))
        picture = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        with open(path, "wb") as file:
            file.write(picture)
        if whole:
            self.resize(self.width, self.height)
        return picture

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
