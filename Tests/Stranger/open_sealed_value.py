"""Prints the plaintext of a sealed value, given the custodian's directory. See docs/FORMATS.md.

    python open_sealed_value.py DIR.custodian --project 1 --subject s_0123… --field '$email' HEX
"""

import argparse
import pathlib
import sys

from sealane_formats import Refused, epoch_of, open_bundle, open_value, private_keys_of, read_pseudonym, record_keys_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("value", help="the sealed value in hexadecimal")
    parser.add_argument("--project", type=int, required=True)
    parser.add_argument("--subject", required=True)
    parser.add_argument("--field", required=True)
    parser.add_argument("--bundle", type=pathlib.Path, help="take the record key from this bundle instead of the custodian's database")
    options = parser.parse_args()
    try:
        value, subject = bytes.fromhex(options.value), read_pseudonym(options.subject)
        epoch = epoch_of(value)
        if options.bundle:
            opened = open_bundle(options.bundle.read_bytes(), private_keys_of(options.directory))
            keys = [key.key for key in opened if (key.project, key.subject, key.epoch) == (options.project, subject, epoch)]
        else:
            keys = record_keys_of(options.directory, options.project, subject, epoch)
        if not keys:
            raise Refused("the custodian holds no record key of this subject and epoch")
        print(open_value(value, keys[0], options.project, subject, options.field))
    except (Refused, ValueError) as problem:
        print(f"refused: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
