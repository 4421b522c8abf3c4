"""Several hosts on one machine, for the tests: each is a set of namespaces (network, name, mounts) with its own /dev/shm
and directory for temporary files, on one bridge; all other files are shared. Needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN, and util-linux and iproute2."""
import shlex
import subprocess
from pathlib import Path

BOOT = """
hostname {name}
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs {directory}/tmp
mount --bind {directory}/hosts /etc/hosts
ip link set lo up
echo ready
exec sleep infinity
"""
# What mpirun starts in place of ssh: AGENT HOST COMMAND... . $1.environment may change the environment there.
AGENT = """#!/bin/sh
cd {directory}
host=$1
shift
if [ ! -e "$host.pid" ]; then echo "ssh: Could not resolve hostname $host" >&2; exit 255; fi
if [ -e "$host.cut" ]; then echo "ssh: connect to host $host: No route to host" >&2; exit 255; fi
if [ -e "$host.environment" ]; then . "./$host.environment"; fi
exec nsenter -t "$(cat "$host.pid")" -n -u -i -m sh -c "$*"
"""


class NoNamespaces(Exception):
    pass


class Hosts:
    """h1, h2, ... with the addresses 10.77.1.1, 10.77.1.2, ..."""

    def __init__(self, directory, count):
        self.directory = Path(directory)
        self.anchors = {}
        self.temporary = self.directory / "tmp"
        self.temporary.mkdir()
        lines = [f"10.77.1.{i} h{i}\n" for i in range(1, count + 1)]
        (self.directory / "hosts").write_text("127.0.0.1 localhost\n" + "".join(lines))
        self.agent = self.directory / "agent"
        self.agent.write_text(AGENT.format(directory=shlex.quote(str(self.directory))))
        self.agent.chmod(0o755)
        try:
            self.boot("bridge")
            self.run("bridge", "ip link add br0 type bridge forward_delay 0 && ip link set br0 up")
            for number in range(1, count + 1):
                self.boot(f"h{number}")
                self.connect(number)
        except BaseException:
            self.close()
            raise

    def boot(self, name):
        script = BOOT.format(name=name, directory=shlex.quote(str(self.directory)))
        anchor = subprocess.Popen(["unshare", "-n", "-u", "-i", "-m", "sh", "-ec", script], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.anchors[name] = anchor
        if anchor.stdout.readline() != "ready\n":
            raise NoNamespaces(anchor.communicate()[1].strip())
        (self.directory / f"{name}.pid").write_text(str(anchor.pid))

    def connect(self, number):
        name = f"h{number}"
        self.run("bridge", f"ip link add {name} type veth peer name eth0 netns {self.anchors[name].pid} && "
                           f"ip link set {name} master br0 && ip link set {name} up")
        self.run(name, f"ip addr add 10.77.1.{number}/24 dev eth0 && ip link set eth0 up")

    def enter(self, name):
        """The words in front of a command that is to run on a host."""
        return ["nsenter", "-t", str(self.anchors[name].pid), "-n", "-u", "-i", "-m"]

    def run(self, name, script):
        done = subprocess.run([*self.enter(name), "sh", "-c", script], capture_output=True, text=True)
        if done.returncode != 0:
            raise NoNamespaces(done.stderr.strip())

    def cut(self, name):
        (self.directory / f"{name}.cut").touch()
        self.run("bridge", f"ip link set {name} down")

    def mend(self, name):
        self.run("bridge", f"ip link set {name} up")
        (self.directory / f"{name}.cut").unlink()

    def environment(self):
        """Variables with which mpirun reaches the hosts: Open MPI 4 and 5."""
        return {"TMPDIR": str(self.temporary), "OMPI_MCA_plm_rsh_agent": str(self.agent),
                "PRTE_MCA_plm_ssh_agent": str(self.agent)}

    def close(self):
        for anchor in self.anchors.values():
            anchor.kill()
            anchor.communicate()
