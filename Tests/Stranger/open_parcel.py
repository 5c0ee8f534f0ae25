"""Lists the record keys in a bundle of key parcels, given the custodian's directory. See docs/FORMATS.md.

    curl -H "Authorization: Bearer $(cat DIR.custodian/server.token)" $SERVER/custodian/v1/parcels >bundle
    python open_parcel.py DIR.custodian bundle
"""

import argparse
import pathlib
import sys

from sealane_formats import Refused, open_bundle, open_parcel, private_keys_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--parcel", action="store_true", help="the file is one parcel, not a bundle")
    options = parser.parse_args()
    try:
        read = open_parcel if options.parcel else open_bundle
        for key in read(options.bundle.read_bytes(), private_keys_of(options.directory)):
            print(key.cursor, key.project, f"{key.epoch:016x}", key.sequence, key.subject.hex(), key.key.hex())
    except (Refused, ValueError) as problem:
        print(f"refused: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
