"""The configuration of a FreeRADIUS 3 server that asks and reports here, made of the list of NASes."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from counterfoil.kernel.errors import Refused
from counterfoil.network.interfaces import Target

# Where Debian has them, outside of the PATH of most people.
_BINARIES = ("/usr/sbin/freeradius", "/usr/sbin/radiusd")
_CONFIGURATION = """# Written by counterfoil network write. Write it again after a NAS is added, changed or
# not used any more.
# Times are told in UTC: start it with TZ=UTC.
prefix = /usr
logdir = {folder}/log
run_dir = {folder}/run
libdir = {library}
pidfile = {folder}/run/radiusd.pid
max_request_time = 10
cleanup_delay = 5
max_requests = 16384
log {{
  destination = files
  file = {folder}/log/radius.log
}}
security {{
  max_attributes = 200
  reject_delay = 1
  status_server = yes
}}
thread pool {{
  start_servers = 2
  max_servers = 8
  min_spare_servers = 1
  max_spare_servers = 4
  max_requests_per_server = 0
}}
$INCLUDE {folder}/clients.conf
modules {{
  always handled {{
    rcode = handled
  }}
  pap {{
  }}
  chap {{
  }}
  mschap {{
  }}
  expr {{
  }}
  attr_filter attr_filter.access_reject {{
    key = "%{{User-Name}}"
    filename = {folder}/access_reject
  }}
  rest {{
    connect_uri = "{url}"
    authorize {{
      uri = "${{..connect_uri}}/radius/authorize"
      method = "post"
      body = "json"
      timeout = 4
    }}
    accounting {{
      uri = "${{..connect_uri}}/radius/accounting"
      method = "post"
      body = "json"
      timeout = 4
    }}
    pool {{
      start = 0
      min = 0
      max = 8
      spare = 1
      uses = 0
      lifetime = 0
      idle_timeout = 60
    }}
  }}
}}
policy {{
  $INCLUDE {folder}/policy.conf
}}
server default {{
  listen {{
    type = auth
    ipaddr = {listen}
    port = {auth_port}
  }}
  listen {{
    type = acct
    ipaddr = {listen}
    port = {acct_port}
  }}
  authorize {{
    chap
    mschap
    counterfoil_token
    # Where nobody answers, nobody is refused: the NAS asks again, or its next server.
    rest {{
      fail = 1
    }}
    if (fail) {{
      update control {{
        &Response-Packet-Type := Do-Not-Respond
      }}
      handled
    }}
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type CHAP {{
      chap
    }}
    Auth-Type MS-CHAP {{
      mschap
    }}
  }}
  preacct {{
    acct_unique
  }}
  accounting {{
    counterfoil_token
    rest
  }}
  post-auth {{
    Post-Auth-Type REJECT {{
      attr_filter.access_reject
    }}
  }}
}}
"""
# What tells one session from every other: as Debian's own policy does it.
_POLICY = """acct_unique {{
  update request {{
    &Acct-Unique-Session-Id := "%{{md5:%{{User-Name}},%{{Acct-Session-ID}},{nas},%{{NAS-Port-ID}},%{{NAS-Port}}}}"
  }}
}}
counterfoil_token {{
  update control {{
    &REST-HTTP-Header += "Authorization: Bearer {token}"
  }}
}}
"""
_NAS = "%{%{NAS-IPv6-Address}:-%{NAS-IP-Address}},%{NAS-Identifier}"
_REJECT = """DEFAULT
\tEAP-Message =* ANY,
\tState =* ANY,
\tMessage-Authenticator =* ANY,
\tReply-Message =* ANY,
\tProxy-State =* ANY
"""


def files(
    folder: Path, nases: Iterable[tuple[str, Target]], *, url: str, token: str, auth_port: int = 1812,
    acct_port: int = 1813, listen: str = "*",
) -> dict[str, str]:  # fmt: skip
    """What each file says: `radiusd.conf` with what it includes. The secrets of the NASes are in `clients.conf`."""
    places = {
        "folder": folder, "url": url.rstrip("/"), "token": token, "auth_port": auth_port, "acct_port": acct_port,
        "listen": listen, "library": _library(), "nas": _NAS,
    }  # fmt: skip
    return {
        "radiusd.conf": _CONFIGURATION.format(**places),
        "clients.conf": "".join(_client(name, target) for name, target in nases),
        "policy.conf": _POLICY.format(**places),
        "access_reject": _REJECT,
    }


def _client(name: str, target: Target) -> str:
    kind = "ipv6addr" if ":" in target.address else "ipv4addr"
    called = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{name}_{target.address}".replace(":", "-"))
    return f'client {called} {{\n  {kind} = {target.address}\n  secret = "{target.secret}"\n}}\n'


def _library() -> str:
    for place in ("/usr/lib/freeradius", "/usr/lib64/freeradius"):
        if Path(place).is_dir():
            return place
    return "/usr/lib/freeradius"


def write(folder: Path, texts: dict[str, str]) -> None:
    """The files are in the folder, read by their owner alone; refused where they cannot be written, or the folder's
    name would mean something in them."""
    if not re.fullmatch(r"[A-Za-z0-9_./-]+", str(folder)):
        raise Refused("bad_folder", "Choose a folder whose name has letters, digits, dots, - and _ only.")
    try:
        for inner in ("", "run", "log"):
            (folder / inner).mkdir(parents=True, exist_ok=True, mode=0o750)
        for name, text in texts.items():
            part = folder / f".{name}.part"
            part.touch(mode=0o600)
            part.write_text(text, encoding="utf-8")
            part.replace(folder / name)
    except OSError as error:
        raise Refused("cannot_write", f"{folder} cannot be written: {error.strerror}.") from error


def binary() -> str:
    """The RADIUS server of this machine; nothing where there is none."""
    found = shutil.which("freeradius") or shutil.which("radiusd")
    return found or next((place for place in _BINARIES if Path(place).exists()), "")


def check(folder: Path) -> str:
    """What FreeRADIUS says of the configuration in a folder: nothing, or what is wrong. Refused without FreeRADIUS."""
    server = binary()
    if not server:
        raise Refused("no_freeradius", "FreeRADIUS is not installed here. Install it: apt-get install freeradius "
                      "freeradius-rest. Or run the check where it is: freeradius -C -X -d DIR -n radiusd")  # fmt: skip
    if not (folder / "radiusd.conf").exists():
        raise Refused("nothing_written", f"There is no configuration in {folder}. Write it first: network write DIR.")
    done = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            [server, "-C", "-X", "-d", str(folder), "-n", "radiusd"], capture_output=True, text=True, timeout=30,
            check=False,
        )  # fmt: skip
    if done is None:
        return "FreeRADIUS did not answer within half a minute."
    if done.returncode == 0:
        return ""
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    wrong = [line for line in said if "rror" in line or "ailed" in line or "ermission" in line]
    return "\n".join((wrong or said)[-5:])


def is_here(url: str) -> bool:
    """Whether the address of the product is one of this machine's own: then nobody in between reads what is asked."""
    return (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")
