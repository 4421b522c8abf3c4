"""tools/mpisweep-data against a server on this machine, which sends stand-ins for the data sets and misbehaves on request."""
import gzip
import hashlib
import io
import os
import pty
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/mpi"))
from launch import wait_until  # noqa: E402

SCRIPT = SOURCE / "tools/mpisweep-data"
MEMBERS = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin", "batches.meta.txt"]
JOB = """\
job: tiny
data: {{source: {}}}
model: {{layers: [dense: 10]}}
optimizer: {{lr: 0.1}}
train: {{epochs: 1, batch: 10}}
record: {{test_accuracy: {{every: end}}}}
"""


def idx(samples, *shape):
    """A compressed IDX file of labels below 10, or of images of noise."""
    header = bytes([0, 0, 8, 1 + len(shape)]) + b"".join(length.to_bytes(4, "big") for length in (samples, *shape))
    values = os.urandom(samples * shape[0] * shape[1]) if shape else bytes(label % 10 for label in range(samples))
    return gzip.compress(header + values)


def cifar_archive(members=MEMBERS):
    """As the real one: a folder of batches, and a file that mpisweep does not read."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in (*members, "readme.html"):
            content = b"".join(bytes([label]) + os.urandom(3072) for label in range(10)) if name.endswith(".bin") else b"text\n"
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


FILES = {"cifar-10-binary.tar.gz": cifar_archive()}
for folder in ("mnist", "fashion-mnist"):
    for prefix, samples in (("train", 40), ("t10k", 20)):
        FILES[f"{folder}/{prefix}-images-idx3-ubyte.gz"] = idx(samples, 28, 28)
        FILES[f"{folder}/{prefix}-labels-idx1-ubyte.gz"] = idx(samples)
ARCHIVE = "cifar-10-binary.tar.gz"
LABELS = "mnist/t10k-labels-idx1-ubyte.gz"
IMAGES = "mnist/t10k-images-idx3-ubyte.gz"


class Handler(BaseHTTPRequestHandler):
    """/BEHAVIOUR/FILE. Requests are noted with their Range."""

    def do_GET(self):
        server, (_, behaviour, name) = self.server, self.path.split("/", 2)
        begin = int(self.headers.get("Range", "bytes=0-")[6:-1])
        server.requests.append((behaviour, name, begin))
        content = server.files[name]
        if behaviour == "refuse":
            return self.send_error(403)
        if behaviour == "busy" and len(server.requests) < 3:
            return self.send_error(503)
        if behaviour == "wrong":
            content = content[:-1] + bytes([content[-1] ^ 1])
        elif behaviour == "page":
            content = b"<html>Please log in</html>"
        elif behaviour == "long":
            content += b"0"
        if behaviour in ("noranges", "noranges_drop"):
            begin = 0
        if begin >= len(content):
            return self.send_error(416)
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        self.send_body(behaviour, content[begin:])

    def send_body(self, behaviour, body):
        dropped = behaviour == "drop" and len(body) > 100 or behaviour == "noranges_drop" and len(self.server.requests) == 1
        if not dropped and behaviour != "stall":
            self.wfile.write(body)
            return
        self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        if behaviour == "stall":
            self.server.released.wait()

    def log_message(self, *_):
        pass


class DownloadTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        self.data = self.root / "data"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.files, self.server.requests, self.server.released = dict(FILES), [], threading.Event()
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.released.set)

    def address(self, behaviour):
        return f"http://127.0.0.1:{self.server.server_port}/{behaviour}"

    def environment(self, behaviours, **more):
        """Every file of the table comes from the addresses of these behaviours, in this order."""
        table = self.root / "table"
        rows = []
        for name, content in self.server.files.items():
            source = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}.get(name.split("/")[0], "cifar10")
            addresses = " ".join(f"{self.address(behaviour)}/{name}" for behaviour in behaviours)
            rows.append(f"{source} {name} {len(content)} {hashlib.sha256(content).hexdigest()} {addresses}\n")
        table.write_text("".join(rows))
        proxies = {"http_proxy": "", "MPISWEEP_DATA_MIRRORS": "", "MPISWEEP_DATA": str(self.data)}
        return {**os.environ, **proxies, "MPISWEEP_DATA_TABLE": str(table), "MPISWEEP_DATA_WAIT": "0.01", **more}

    def run_script(self, *arguments, behaviours=("good",), **more):
        return subprocess.run([sys.executable, "-I", SCRIPT, *arguments], cwd=self.root, capture_output=True, text=True, timeout=60,
                              env=self.environment(behaviours, **more))

    def assert_ends(self, process, status, *parts):
        self.assertEqual((process.returncode, process.stdout), (status, ""), process.stderr)
        for part in parts:
            self.assertIn(part, process.stderr)
        self.assertNotIn("Traceback", process.stderr)

    def assert_has(self, *names):
        for name in names:
            self.assertEqual((self.data / name).read_bytes(), FILES[name], name)
        self.assertEqual(list(self.data.rglob("*.part")), [])

    def begins(self, name=IMAGES):
        """Where each request for a file began."""
        return [begin for _, requested, begin in self.server.requests if requested == name]

    # --- what should work

    def test_all_in_the_layout_that_mpisweep_reads(self):
        self.assert_ends(self.run_script(), 0)
        self.assert_has(*(name for name in FILES if name != ARCHIVE))
        self.assertEqual(sorted(os.listdir(self.data / "cifar-10-batches-bin")), sorted([*MEMBERS, "SHA256SUMS"]))
        for source, answer in (("mnist", (0, "")), ("fashion_mnist", (0, "")), ("cifar10", (3, "data_batch_1.bin: wrong size"))):
            job = self.root / f"{source}.yaml"
            job.write_text(JOB.format(source))
            process = subprocess.run([os.environ["MPISWEEP"], "plan", job, "--data", self.data], capture_output=True, text=True)
            self.assertEqual(process.returncode, answer[0], process.stderr)
            self.assertIn(answer[1], process.stderr)  # the real batches are large; these are found, at least

    def test_a_second_time_nothing_is_downloaded(self):
        self.assert_ends(self.run_script(), 0)
        self.server.requests.clear()
        self.assert_ends(self.run_script(), 0, f"{self.data / LABELS}: is there", f"{self.data / 'cifar-10-batches-bin'}: is there")
        self.assertEqual(self.server.requests, [])

    def test_names_and_directory(self):
        self.assert_ends(self.run_script("fashion_mnist", "--data", "here/too"), 0)
        self.assertEqual(sorted(path.name for path in (self.root / "here/too").iterdir()), [".mpisweep-data.lock", "fashion-mnist"])
        self.assert_ends(self.run_script("mnist", MPISWEEP_DATA=""), 0)
        self.assertTrue((self.root / "data" / LABELS).exists())

    def test_check_and_list(self):
        process = self.run_script("mnist", "--check")
        self.assertEqual((process.returncode, process.stdout.count(": missing\n"), self.server.requests), (3, 4, []))
        self.assert_ends(self.run_script(), 0)
        (self.data / LABELS).write_bytes(b"mine")
        process = self.run_script("--check")
        self.assertEqual((process.returncode, process.stdout.count(": right\n")), (3, 8))
        self.assertIn(f"{self.data / LABELS}: other bytes than the table's\n", process.stdout)
        (self.data / "cifar-10-batches-bin/test_batch.bin").write_bytes(b"damaged")
        self.assertIn("cifar-10-batches-bin: missing\n", self.run_script("cifar10", "--check").stdout)
        self.assertEqual(len(self.run_script("--list").stdout.splitlines()), len(FILES))

    def test_the_built_in_table(self):
        process = subprocess.run([sys.executable, "-I", SCRIPT, "--list"], capture_output=True, text=True)
        rows = [line.split() for line in process.stdout.splitlines()]
        self.assertEqual([row[1] for row in rows], list(FILES))
        for row in rows:
            self.assertRegex(row[3], r"^[0-9a-f]{64}$")
            self.assertTrue(all(address.endswith(row[1].split("/")[-1]) for address in row[4:]), row)
        self.assertEqual(len({row[3] for row in rows}), len(FILES))

    # --- connections

    def test_broken_connections_are_resumed(self):
        self.assert_ends(self.run_script("mnist", behaviours=["drop"]), 0, "the connection ended early", "trying again")
        self.assert_has(LABELS, IMAGES)
        begins = self.begins()
        self.assertGreater(len(begins), 2)
        self.assertEqual(begins, sorted(set(begins)))
        self.assertEqual(begins[1], len(FILES[IMAGES]) // 2)

    def test_a_server_that_ignores_ranges(self):
        self.assert_ends(self.run_script("mnist", behaviours=["noranges_drop"]), 0)
        self.assert_has(LABELS, IMAGES)

    def test_a_stopped_session_is_resumed(self):
        before = 0
        for number in (signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([sys.executable, "-I", SCRIPT, "mnist"], cwd=self.root, stderr=subprocess.PIPE, text=True,
                                       env=self.environment(["stall"]))
            part = self.data / "mnist/train-images-idx3-ubyte.gz.part"
            wait_until(lambda: part.exists() and part.stat().st_size > before)
            before = part.stat().st_size
            process.send_signal(number)
            self.assertIn("stopped; run the same command again to resume", process.communicate(timeout=60)[1])
            self.assertEqual(process.returncode, 75)
        self.assert_ends(self.run_script("mnist"), 0)
        self.assert_has(LABELS, IMAGES)
        self.assertEqual([begin > 0 for begin in self.begins("mnist/train-images-idx3-ubyte.gz")], [False, True, True])

    def test_a_busy_server_is_asked_again_and_one_that_refuses_is_not(self):
        self.assert_ends(self.run_script("mnist", behaviours=["busy"]), 0, "HTTP 503")
        self.assert_ends(self.run_script("fashion_mnist", behaviours=["refuse", "good"]), 0, "HTTP 403 Forbidden")
        self.assertEqual([name for behaviour, name, _ in self.server.requests if behaviour == "refuse"],
                         [name for name in FILES if name.startswith("fashion")])

    def test_an_address_without_server(self):
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
            mirror = f"http://127.0.0.1:{closed.server_port}"
        self.assert_ends(self.run_script("mnist", MPISWEEP_DATA_MIRRORS=mirror), 0, "Connection refused, 3 times in a row")
        self.assert_has(LABELS, IMAGES)

    def test_mirrors_come_first(self):
        folder = self.root / "copy"
        for name in (LABELS, IMAGES):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(FILES[name])
        mirrors = f"{folder.as_uri()} {self.address('noranges')}/"
        self.assert_ends(self.run_script("mnist", behaviours=["refuse"], MPISWEEP_DATA_MIRRORS=mirrors), 0)
        self.assert_has(LABELS, IMAGES)
        self.assertEqual({(behaviour, name) for behaviour, name, _ in self.server.requests},
                         {("noranges", name) for name in FILES if name.startswith("mnist/train")})

    # --- bytes

    def test_wrong_bytes_get_no_name(self):
        for behaviour, part in (("wrong", f"expected {hashlib.sha256(FILES[LABELS]).hexdigest()}"), ("long", "more than the"),
                                ("page", "HTTP 416")):
            with self.subTest(behaviour):
                self.assert_ends(self.run_script("mnist", behaviours=[behaviour]), 3, "no address has it (1 tried, see above); next: ")
                self.assertEqual([path for path in self.data.rglob("*") if path.name.endswith("gz")], [])
        self.server.files = {LABELS: FILES[LABELS]}
        self.assert_ends(self.run_script(behaviours=["wrong"]), 3, f"expected {hashlib.sha256(FILES[LABELS]).hexdigest()}")

    def test_wrong_bytes_are_not_continued(self):
        """Those of a mirror that is wrong in the middle, and those that an earlier session left."""
        self.assert_ends(self.run_script("mnist", behaviours=["page", "good"]), 0)
        self.assert_has(LABELS, IMAGES)
        (self.data / IMAGES).unlink()
        Path(f"{self.data / IMAGES}.part").write_bytes(b"0" * 50)
        self.server.requests.clear()
        self.assert_ends(self.run_script("mnist"), 0)
        self.assert_has(IMAGES)
        self.assertEqual(self.begins(), [50, 0])

    def test_an_archive_that_is_cut_or_lacks_a_file(self):
        for content, part in ((cifar_archive(MEMBERS[:-2]), "has no cifar-10-batches-bin/batches.meta.txt"), (FILES[ARCHIVE][:-3000], "mpisweep-data: ")):
            self.server.files[ARCHIVE] = content
            self.assert_ends(self.run_script("cifar10"), 3, part)
            self.assertFalse((self.data / "cifar-10-batches-bin/SHA256SUMS").exists())
        self.server.files[ARCHIVE] = FILES[ARCHIVE]
        self.assert_ends(self.run_script("cifar10"), 0)

    def test_files_of_the_user_are_left(self):
        (self.data / "mnist").mkdir(parents=True)
        (self.data / LABELS).write_bytes(b"mine")
        self.assert_ends(self.run_script("mnist"), 3, f"{self.data / LABELS}: is there, but its SHA-256 is not ", "next: move it away")
        self.assert_has(IMAGES, "mnist/train-labels-idx1-ubyte.gz")
        self.assertEqual((self.data / LABELS).read_bytes(), b"mine")
        folder = self.data / "cifar-10-batches-bin"
        folder.mkdir()
        for name in MEMBERS[:-1]:
            (folder / name).write_bytes(b"mine")
        self.assert_ends(self.run_script("cifar10"), 0, f"{folder}: is there, unpacked by others", "it is left as it is")
        self.assertNotIn(ARCHIVE, [name for _, name, _ in self.server.requests])

    # --- requests

    def test_wrong_requests(self):
        self.assert_ends(self.run_script("cifar100"), 2, 'there is no data set "cifar100"; accepted: cifar10, mnist, fashion_mnist')
        self.assert_ends(self.run_script("--dta", "x"), 2, "unrecognized arguments")
        (self.root / "file").write_text("")
        self.assert_ends(self.run_script("mnist", "--data", "file"), 3, "mpisweep-data: file: File exists")
        self.assert_ends(self.run_script("mnist", "--data", "/proc/nothing"), 3, "/proc/nothing: No such file or directory")
        self.assert_ends(self.run_script("mnist", MPISWEEP_DATA_MIRRORS="not-an-address"), 0, "unknown url type")
        table = self.root / "bad"
        table.write_text("mnist file\n")
        self.assert_ends(self.run_script(MPISWEEP_DATA_TABLE=str(table)), 2, f"{table}:1: 'mnist file'; accepted: SOURCE FILE BYTES SHA256 ADDRESS...")

    def test_a_full_disk(self):
        """No file may have more than a thousand bytes."""
        process = subprocess.run([sys.executable, "-I", SCRIPT, "mnist"], cwd=self.root, capture_output=True, text=True,
                                 env=self.environment(["good", "good"]),
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
        part = self.data / "mnist/train-images-idx3-ubyte.gz.part"
        self.assert_ends(process, 3, f"mpisweep-data: {part}: File too large")
        self.assertEqual(len(self.server.requests), 1)

    def test_one_at_a_time(self):
        first = subprocess.Popen([sys.executable, "-I", SCRIPT, "mnist"], cwd=self.root, stderr=subprocess.DEVNULL,
                                 env=self.environment(["stall"]))
        wait_until(lambda: self.server.requests)
        self.assert_ends(self.run_script("cifar10"), 3, "another mpisweep-data is writing there; next: wait")
        first.terminate()
        first.wait()

    def test_progress_on_a_terminal_fits_its_line(self):
        parent, child = pty.openpty()
        environment = {**self.environment(["good"]), "COLUMNS": "40", "TERM": "xterm"}
        process = subprocess.run([sys.executable, "-I", SCRIPT, "mnist"], cwd=self.root, stdout=child, stderr=child, env=environment)
        os.close(child)
        shown = os.read(parent, 65536).decode()
        os.close(parent)
        self.assertEqual(process.returncode, 0)
        lines = [text.split("\r")[0] for text in shown.split("\r\x1b[K")[1:]]
        self.assertTrue(any("% " in line for line in lines), shown)
        self.assertLess(max(len(line) for line in lines if "% " in line), 40)


if __name__ == "__main__":
    unittest.main()
