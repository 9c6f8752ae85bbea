"""Why banks do not pay: their codes, in words for people, and what follows for the mandate.

Meanings are in our words. Lists: EPC173-14 (SEPA), Nacha Operating Rules appendix four (R, C), Bacs ARUDD, ADDACS and
AUDDIS, and the Bankserv schedule of unpaids that South African banks and Netcash use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means.

    `retry`: the same amount may be collected again as it is. `ends_mandate`: nothing may be collected under the mandate
    as it stands; it must be signed again, or another account be entered. With neither, a person looks first.
    """

    code: str
    meaning: str
    retry: bool = False
    ends_mandate: bool = False
    known: bool = True


# What follows: collect it again, look into it, or end the mandate.
_AGAIN, _LOOK, _END = "again", "look", "end"

_SEPA = {
    "AC01": (_END, "The IBAN is wrong."),
    "AC03": (_LOOK, "Our own IBAN is wrong."),
    "AC04": (_END, "The account is closed."),
    "AC06": (_LOOK, "The account is blocked."),
    "AC13": (_END, "The account is a consumer's, and cannot be debited under a business mandate."),
    "AG01": (_END, "Direct debits are not allowed on this account."),
    "AG02": (_LOOK, "The sequence (first or recurring) was wrong."),
    "AM02": (_LOOK, "The amount is more than the bank allows."),
    "AM04": (_AGAIN, "There was not enough money in the account."),
    "AM05": (_LOOK, "The bank has the same collection already."),
    "BE01": (_LOOK, "The name is not the account holder's."),
    "BE05": (_LOOK, "The bank does not know our creditor identifier."),
    "CNOR": (_LOOK, "Our bank takes no part in the scheme."),
    "CURR": (_LOOK, "The currency is wrong."),
    "CUST": (_LOOK, "The collection was withdrawn at our request."),
    "DNOR": (_END, "The payer's bank takes no part in the scheme."),
    "DT01": (_LOOK, "The collection date is wrong."),
    "ED05": (_AGAIN, "The banks could not settle it."),
    "FF01": (_LOOK, "The file is not as the bank wants it."),
    "FF05": (_LOOK, "The local instrument (CORE or B2B) is wrong."),
    "FOCR": (_LOOK, "It was returned because we recalled it."),
    "FR01": (_LOOK, "The bank suspects fraud."),
    "MD01": (_END, "There is no valid mandate: the payer did not give it, or withdrew it."),
    "MD02": (_LOOK, "The mandate's details are missing or wrong."),
    "MD06": (_LOOK, "The payer asked for the money back, within eight weeks and without giving a reason."),
    "MD07": (_END, "The payer has died."),
    "MS02": (_LOOK, "The payer refused the collection."),
    "MS03": (_AGAIN, "The bank gave no reason. Often there was not enough money."),
    "RC01": (_END, "The BIC is wrong."),
    "RR01": (_LOOK, "The payer's account or identification is missing, which the law asks for."),
    "RR02": (_LOOK, "The payer's name or address is missing, which the law asks for."),
    "RR03": (_LOOK, "Our name or address is missing, which the law asks for."),
    "RR04": (_LOOK, "The bank may not pay it by law."),
    "SL01": (_LOOK, "The payer's bank was told not to pay us, or not to pay so much."),
    "TECH": (_AGAIN, "The banks' systems failed."),
    "TM01": (_AGAIN, "The file came after the bank's cut-off time."),
}  # fmt: skip
_NACHA = {
    "R01": (_AGAIN, "There was not enough money in the account."),
    "R02": (_END, "The account is closed."),
    "R03": (_END, "There is no such account, or it is not in this name."),
    "R04": (_END, "The account number is wrong."),
    "R05": (_END, "The payer did not authorise a business debit to a personal account."),
    "R06": (_LOOK, "Our bank asked for it back."),
    "R07": (_END, "The payer withdrew the authorisation."),
    "R08": (_LOOK, "The payer stopped this payment."),
    "R09": (_AGAIN, "There is money in the account, but it is not cleared yet."),
    "R10": (_END, "The payer says that they did not authorise us."),
    "R11": (_LOOK, "The payer says that it was not what they authorised: another amount, or too early."),
    "R12": (_END, "The account went to another bank when its branch was sold."),
    "R13": (_END, "The routing number is wrong."),
    "R14": (_END, "Who managed the account for the payer has died or can no longer do so."),
    "R15": (_END, "The account holder has died."),
    "R16": (_LOOK, "The account is frozen."),
    "R17": (_LOOK, "The bank could not process the entry, or suspects fraud."),
    "R18": (_LOOK, "The date of the entry is wrong."),
    "R19": (_LOOK, "The amount is wrong."),
    "R20": (_END, "Debits are not allowed on this account."),
    "R21": (_LOOK, "Our company id is wrong."),
    "R22": (_LOOK, "The payer's identification number is wrong."),
    "R23": (_LOOK, "The receiver refused the credit."),
    "R24": (_LOOK, "The bank has the same entry already."),
    "R25": (_LOOK, "An addendum is wrong."),
    "R26": (_LOOK, "A mandatory field is wrong or missing."),
    "R27": (_LOOK, "The trace number is wrong or missing."),
    "R28": (_END, "The check digit of the routing number is wrong."),
    "R29": (_END, "The company says that it did not authorise us."),
    "R30": (_END, "The payer's bank takes no part in check truncation."),
    "R31": (_LOOK, "Our bank agreed to take a business entry back."),
    "R32": (_LOOK, "The payer's bank cannot settle."),
    "R33": (_LOOK, "The payer's bank returned it (XCK)."),
    "R34": (_END, "The payer's bank may take part only in a limited way."),
    "R35": (_LOOK, "A debit was sent to an account that takes none."),
    "R36": (_LOOK, "A credit was sent where none is taken."),
    "R37": (_LOOK, "The cheque it was made from was presented too."),
    "R38": (_LOOK, "The cheque it was made from was stopped."),
    "R39": (_LOOK, "The cheque it was made from does not fit, or was presented too."),
    "R50": (_LOOK, "State law does not allow it (RCK)."),
    "R51": (_LOOK, "The item behind it is not eligible (RCK)."),
    "R52": (_LOOK, "The item behind it was stopped (RCK)."),
    "R53": (_LOOK, "The item and the entry were both presented (RCK)."),
    "R61": (_LOOK, "The return was sent to the wrong bank."),
    "R62": (_LOOK, "The return concerns an entry that was sent in error or reversed."),
    "R67": (_LOOK, "The entry was returned twice."),
    "R68": (_LOOK, "The return came too late."),
    "R69": (_LOOK, "The return had wrong fields."),
    "R70": (_LOOK, "Our bank did not agree to take the return."),
    "R71": (_LOOK, "The dishonoured return was sent to the wrong bank."),
    "R72": (_LOOK, "Our bank's dishonour came too late: the return stands."),
    "R73": (_LOOK, "The payer's bank says that its return was in time: the return stands."),
    "R74": (_LOOK, "The payer's bank corrected its return, which stands."),
    "R75": (_LOOK, "The payer's bank says that its return was no duplicate: it stands."),
    "R76": (_LOOK, "The payer's bank says that its return had no wrong fields: it stands."),
    "R77": (_LOOK, "The payer's bank does not accept the dishonour of its return."),
    "R80": (_LOOK, "A foreign payment was not coded as the rules ask."),
    "R81": (_LOOK, "The payer's bank takes no part in foreign payments."),
    "R82": (_LOOK, "The foreign bank's identification is wrong."),
    "R83": (_LOOK, "The foreign bank cannot settle."),
    "R84": (_LOOK, "The gateway did not process the entry."),
    "R85": (_LOOK, "A payment to abroad was not coded as one."),
    "C01": (_LOOK, "The account number is wrong; the bank gives the right one."),
    "C02": (_LOOK, "The routing number is wrong; the bank gives the right one."),
    "C03": (_LOOK, "Routing number and account number are wrong; the bank gives the right ones."),
    "C04": (_LOOK, "The name is wrong; the bank gives the right one."),
    "C05": (_LOOK, "The account is of the other kind, current or savings; the bank gives the right code."),
    "C06": (_LOOK, "Account number and kind of account are wrong; the bank gives the right ones."),
    "C07": (_LOOK, "Routing number, account number and kind of account are wrong; the bank gives the right ones."),
    "C08": (_LOOK, "The foreign bank's identification is wrong; the bank gives the right one."),
    "C09": (_LOOK, "The identification number is wrong; the bank gives the right one."),
    "C13": (_LOOK, "An addendum is not as it should be."),
    "C14": (_LOOK, "The entry must be sent as one from abroad."),
    "C61": (_LOOK, "Our refusal of a correction went to the wrong bank."),
    "C62": (_LOOK, "Our refusal of a correction named a wrong trace number."),
    "C63": (_LOOK, "Our refusal of a correction named a wrong company id."),
    "C64": (_LOOK, "Our refusal of a correction named a wrong identification number."),
    "C65": (_LOOK, "Our refusal of a correction named wrong data."),
    "C66": (_LOOK, "Our refusal of a correction named wrong data of the company."),
    "C67": (_LOOK, "Our refusal of a correction named a wrong bank."),
    "C68": (_LOOK, "Our refusal of a correction lacked its addendum."),
    "C69": (_LOOK, "Our refusal of a correction had wrong fields."),
}  # fmt: skip
# Of collections that came back (ARUDD).
_BACS = {
    "0": (_AGAIN, "The bank could not pay: mostly, there was not enough money. Ask the payer."),
    "1": (_END, "The payer or their bank cancelled the instruction."),
    "2": (_END, "The payer has died."),
    "3": (_END, "The account went to another bank."),
    "4": (_LOOK, "The payer disputes the advance notice: another amount, date or frequency."),
    "5": (_END, "There is no such account."),
    "6": (_END, "The bank has no instruction for us."),
    "7": (_LOOK, "The amount differs from the advance notice."),
    "8": (_LOOK, "The amount is not due yet."),
    "9": (_LOOK, "It was collected more than a month after it was due, or the instruction has expired."),
    "A": (_LOOK, "The service user is not the one of the instruction."),
    "B": (_END, "The account is closed."),
}  # fmt: skip
# Of instructions that were changed or cancelled (ADDACS) or not taken (AUDDIS): the same signs, other meanings.
_ADDACS = {
    "0": (_END, "The bank cancelled the instruction. Ask the payer."),
    "1": (_END, "The payer cancelled the instruction."),
    "2": (_END, "The payer has died."),
    "3": (_END, "The account went to another bank."),
    "5": (_END, "There is no such account."),
    "6": (_END, "The bank has no instruction for us."),
    "B": (_END, "The account is closed."),
    "C": (_LOOK, "The account went to another branch; the bank gives its number."),
    "D": (_LOOK, "The payer disputes the advance notice."),
    "E": (_LOOK, "The instruction was changed; the bank gives the right details."),
    "F": (_END, "Direct debits cannot be taken from this kind of account."),
    "G": (_END, "The bank takes no direct debits on this account."),
    "H": (_END, "The instruction has expired."),
    "I": (_LOOK, "The payer's reference is used already."),
    "K": (_END, "The bank cancelled the instruction."),
    "L": (_END, "The payer's account details are wrong."),
    "M": (_LOOK, "The transaction code does not fit our service user number."),
    "N": (_LOOK, "The payer's branch does not take this transaction."),
    "O": (_LOOK, "The reference is not valid."),
    "P": (_LOOK, "The payer's name is missing."),
    "Q": (_LOOK, "Our name is missing."),
    "R": (_LOOK, "The bank put the instruction back in force."),
}  # fmt: skip
# Netcash asks for a new mandate after every unpaid but 02 and 22 (help.netcash.co.za, managing unpaid debit orders).
_ZA = {
    "02": (_AGAIN, "There was not enough money in the account."),
    "03": (_END, "Debits are not allowed on this account."),
    "04": (_END, "The payer stopped the payment."),
    "06": (_LOOK, "The account is frozen."),
    "08": (_END, "The payer's estate is under sequestration."),
    "10": (_END, "The payer is in liquidation."),
    "12": (_END, "The account is closed."),
    "14": (_LOOK, "The account was transferred; the debit went to the new one. Ask for its number."),
    "16": (_END, "The account went to another bank."),
    "18": (_END, "The payer has died."),
    "22": (_AGAIN, "There is money in the account, but it is not cleared yet."),
    "26": (_END, "The account is closed."),
    "28": (_LOOK, "The debit order was recalled."),
    "30": (_END, "The payer says that they did not authorise us."),
    "32": (_END, "The payer says that it was not what they authorised."),
    "34": (_END, "The payer cancelled the mandate."),
    "36": (_END, "The payer stopped the debit order before."),
    "56": (_LOOK, "The bank has not verified the account holder (FICA)."),
    "60": (_END, "It was unpaid too often, and is not sent to the bank until there is a new mandate."),
}  # fmt: skip
_LISTS = {"sepa": _SEPA, "nacha": _NACHA, "bacs": _BACS, "addacs": _ADDACS, "za": _ZA}


def reason(scheme: str, code: str) -> Reason:
    """What a bank's code means by the list of the scheme: sepa, nacha, bacs, addacs or za.

    A bank that answers in ISO 20022 uses its codes (AC04) in any scheme. Of a code in no list, `known` is false and
    nothing follows from it.
    """
    sign = code.strip().upper()
    if scheme == "za" and re.fullmatch("[0-9]", sign):
        sign = f"0{sign}"
    follows, meaning = _LISTS.get(scheme, {}).get(sign) or _SEPA.get(sign) or ("", "")
    if not meaning:
        said = f"The bank’s code {sign[:35]} is in no list here." if sign else "The bank gave no code."
        return Reason(sign[:35], f"{said} Ask the bank what it means.", known=False)
    return Reason(sign, meaning, follows == _AGAIN, follows == _END)
