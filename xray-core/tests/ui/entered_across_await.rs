fn main() {
    let segment = xray_core::Segment::begin("job");
    let task = async {
        let _entered = segment.enter();
        std::future::ready(()).await;
    };
    needs_send(task);
}

fn needs_send(_: impl Future + Send) {}
