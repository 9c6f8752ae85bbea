from counterfoil.trail.kinds import Kind, declare

declare(
    Kind("product.added", "Added the product {name} ({code})", icon="tag"),
    Kind("product.changed", "Changed the product {name}: {changes}", icon="tag"),
    Kind("price.set", "{product} costs {amount} {frequency} from {valid_from}, {whom}", icon="tag"),
    Kind("coupon.added", "Offered the coupon {code}: {percent} % off", icon="tag"),
    Kind("coupon.ended", "Ended the coupon {code} on {on}", icon="tag"),
    Kind("price.raised", "Raised {product} from {valid_from}, {whom}: {prices}", icon="tag"),
)
