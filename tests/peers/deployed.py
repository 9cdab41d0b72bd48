"""Prints the template of CloudFormation that one of SAM stands for, as AWS makes it of it when it is deployed.

Usage: deployed.py TEMPLATE

Ends with what is wrong, if it can be made into none. Nothing is asked of AWS.
"""

import json
import sys

from boto3.session import Session
from cfnlint.decode import decode
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template, mistakes = decode(sys.argv[1])
if mistakes:
    sys.exit("\n".join(map(str, mistakes)))
# Where `sam package` puts the code.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = {"Bucket": "code", "Key": "function.zip"}
# The region's name is all that it takes from a session.
translator = Translator({}, Parser(), boto_session=Session(region_name="eu-central-1"))
try:
    print(json.dumps(translator.translate(template, {}), indent=2))
except InvalidDocumentException as error:
    sys.exit("\n".join(cause.message for cause in error.causes))
