# SPDX-License-Identifier: Apache-2.0
#
# Splits files of user data as cloud-init does on a machine, and prints their parts in JSON.
import json
import sys

from cloudinit.user_data import UserDataProcessor
from cloudinit.util import fully_decoded_payload


def split(path):
    with open(path, "rb") as f:
        message = UserDataProcessor(None).process(f.read())
    for part in message.walk():
        if part.get_content_maintype() != "multipart":
            body = fully_decoded_payload(part)
            yield {"type": part.get_content_type(), "body": body.decode() if isinstance(body, bytes) else body}


print(json.dumps([list(split(path)) for path in sys.argv[1:]]))
