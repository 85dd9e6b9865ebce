"""Drive headless Chromium through its DevTools pipe, with the standard library only.

Messages are JSON, each ended by a zero byte, written to the browser's file descriptor 3 and read
from its 4. Imports no gsae_ref.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time

FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "Escape": 27}


def find_browser():
    """Path of the Chromium that GSAE_REF_BROWSER names; None without one."""
    return shutil.which(os.environ.get("GSAE_REF_BROWSER", ""))


class Browser:
    """One tab of a browser of its own; a context manager."""

    def __init__(self, path, profile, timeout=60):
        self.timeout = timeout
        self.count = 0
        self.waiting = []
        self.buffer = b""
        to_read, self.to_write = os.pipe()
        self.to_read, from_browser = os.pipe()
        # The shell puts the two ends where the browser looks for them: 3 and 4 may be taken here.
        high = [os.dup(to_read), os.dup(from_browser)]
        script = f'exec "$@" 3<&{high[0]} 4>&{high[1]}'
        self.process = subprocess.Popen(
            [
                "bash",
                "-c",
                script,
                "bash",
                path,
                *FLAGS,
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            pass_fds=high,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (to_read, from_browser, *high):
            os.close(end)
        target = self._send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True})[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=self.timeout)
        os.close(self.to_write)
        os.close(self.to_read)

    def __call__(self, method, **parameters):
        """Call a method of the DevTools protocol on the tab and return its result."""
        return self._send(method, parameters, self.session)

    def _send(self, method, parameters, session=None):
        self.count += 1
        message = {
            "id": self.count,
            "method": method,
            "params": parameters,
            **({"sessionId": session} if session else {}),
        }
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        number = self.count
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.waiting.append(answer)

    def _receive(self):
        end = time.monotonic() + self.timeout
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.to_read], [], [], max(end - time.monotonic(), 0))
            piece = os.read(self.to_read, 1 << 20) if ready else b""
            if not piece:
                raise TimeoutError("the browser has stopped answering")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def events(self, *methods):
        """Parameters of the events of these names so far."""
        self.run("0")
        return [event["params"] for event in self.waiting if event.get("method") in methods]

    def open(self, address):
        """Load a page and wait until it is complete; an anchor of the same page needs no wait."""
        self.waiting.clear()
        new = "loaderId" in self("Page.navigate", url=address)
        while new and not any(
            event.get("method") == "Page.loadEventFired" for event in self.waiting
        ):
            self.waiting.append(self._receive())

    def run(self, script):
        """Value of an expression in the page."""
        answer = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def look(self, width=1280, height=900, scheme="light", media="screen"):
        """Set the size of the window, the colour scheme, screen or print."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def press(self, key, shift=False):
        """Press and release a key."""
        known = {"key": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        text = {"Enter": "\r", " ": " "}.get(key)
        self("Input.dispatchKeyEvent", type="keyDown", **known, **({"text": text} if text else {}))
        self("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text):
        """Type text where the focus is."""
        self("Input.insertText", text=text)

    def screenshot(self, path, whole=False):
        """Write the visible part, or the whole page, as PNG."""
        shot = self("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
