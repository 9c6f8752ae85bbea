from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("card_policy.changed", "Changed what holds for card payments: {what}"),
    Kind("card_gateway.added", "Card payments are taken by {name}"),
    Kind("card_gateway.checked", "The card gateway answered"),
    Kind("card_gateway.retired", "Card payments are no longer taken by {name}"),
    Kind("card.saved", "Saved a card, valid to {expiry}"),
    Kind("card.removed", "Removed the saved card: {reason}"),
    Kind("card.expiring", "Told that the saved card expires {expiry}"),
    Kind("card_payment.started", "Began to pay {amount} by card"),
    Kind("card_payment.due", "The saved card is to be charged {amount}"),
    Kind("card_payment.paid", "Paid {amount} by card, receipt {receipt}"),
    Kind("card_payment.failed", "Card payment of {amount} declined: {reason}"),
    Kind("card_payment.expired", "Card payment of {amount} was begun and not paid"),
    Kind("card_payment.disputed", "Card payment of {amount} is disputed: {reason}"),
    Kind("card_payment.refund_asked", "Asked the gateway to give {amount} back to the card: {reason}"),
    Kind("card_payment.given_back", "{amount} of the card payment went back: {reason}"),
    Kind("card_event.received", "The gateway told of it"),
    Kind("card_event.worked", "Worked what the gateway told: {said}"),
    Kind("card_event.assigned", "Said whose card payment of {amount} it is"),
    Kind("pay_link.revoked", "Revoked the payment link of {number}"),
)
