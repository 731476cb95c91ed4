#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is inside, as SPDX 2.3 in JSON: sbom.py VERSION CHANGELOG PROGRAM... > FILE

hitstream itself, and the Debian packages of the libraries that its programs link, with the versions built against.
The same input gives the same bytes: the time is SOURCE_DATE_EPOCH's, else the changelog's.
"""

import datetime
import email.utils
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys


def created(changelog):
    if "SOURCE_DATE_EPOCH" in os.environ:
        when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    else:
        signed = re.search(r"^ -- .*>  (.*)$", pathlib.Path(changelog).read_text(encoding="utf-8"), re.M)
        when = email.utils.parsedate_to_datetime(signed.group(1)).astimezone(datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def libraries(programs):
    """The files of the libraries that the programs name themselves, not what those need in turn."""
    found = set()
    for program in programs:
        needed = set(re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", program)))
        for name, path in re.findall(r"^\s*(\S+) => (\S+) ", output("ldd", program), re.M):
            if name in needed:
                found.add(os.path.realpath(path))
    return sorted(found)


def owner(path):
    """The Debian package that owns a file, as (name, version); None where no package does."""
    for name in (path, path.removeprefix("/usr")):
        asked = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            package = asked.stdout.partition(": ")[0].partition(",")[0]
            return package.partition(":")[0], output("dpkg-query", "-W", "-f", "${Version}", package)
    return None


def package(name, version, **more):
    return {"SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "copyrightText": "NOASSERTION",
            "licenseConcluded": "NOASSERTION", **more}


def main():
    version, changelog, *programs = sys.argv[1:]
    distribution = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8") if "=" in line)
    system = distribution.get("VERSION_CODENAME", "unknown").strip('"')
    owners = sorted({found for path in libraries(programs) if (found := owner(path))})
    own = package("hitstream", version, licenseDeclared="Apache-2.0", licenseConcluded="Apache-2.0",
                  primaryPackagePurpose="APPLICATION", supplier="Organization: hitstream maintainers")
    parts = [package(name, found, licenseDeclared="NOASSERTION", primaryPackagePurpose="LIBRARY",
                     externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                    "referenceLocator": f"pkg:deb/debian/{name}@{found}?distro={system}"}])
             for name, found in owners]
    digest = hashlib.sha256(json.dumps([version, owners]).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"hitstream-{version}", "documentNamespace": f"https://hitstream.example/spdx/{version}-{digest[:16]}",
        "creationInfo": {"created": created(changelog), "creators": ["Organization: hitstream maintainers"]},
        "packages": [own, *parts],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": own["SPDXID"]},
                          *({"spdxElementId": own["SPDXID"], "relationshipType": "DYNAMIC_LINK",
                             "relatedSpdxElement": part["SPDXID"]} for part in parts)],
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
