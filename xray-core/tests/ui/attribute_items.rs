use xray_core::subsegment;

#[subsegment]
const fn constant() -> u32 {
    7
}

#[subsegment]
struct Order;

#[subsegment]
impl Order {
    fn send(&self) {}
}

#[subsegment]
trait Send {
    fn send(&self);
}

trait Receive {
    #[subsegment]
    fn receive(&self);
}

#[subsegment]
const NUMBER: u32 = constant();

#[subsegment]
static TEXT: &str = "text";

#[subsegment]
mod module {}

fn main() {
    Order.send();
}
