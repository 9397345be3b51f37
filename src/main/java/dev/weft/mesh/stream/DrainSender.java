package dev.weft.mesh.stream;

import io.netty.buffer.ByteBuf;

/** Sends what had arrived at an end that moves, over a one-way stream to where it moves. */
final class DrainSender implements Outlet.Owner, PeerStream.Reader {
  private final Proxies proxies;
  private final End end;
  private final PeerStream stream;
  private final Outlet outlet;
  private boolean done;

  DrainSender(Proxies proxies, End end, PeerStream stream) {
    this.proxies = proxies;
    this.end = end;
    this.stream = stream;
    this.outlet = new Outlet(proxies, end, stream, this);
  }

  void start() {
    proxies.drains(1);
    stream.read(this);
    stream.write(SmallFrames.hello());
    end.in.signalAnew();
    outlet.start();
  }

  long id() {
    return stream.id();
  }

  boolean done() {
    return done;
  }

  /** Ends it if the other end takes nothing for a while. */
  void watch() {
    long before = outlet.messages();
    proxies.later(
        Proxies.PATIENCE_MILLIS,
        () -> {
          if (outlet.messages() == before) {
            breakOff();
          } else {
            watch();
          }
        });
  }

  /** Nobody will read it, or nobody does. */
  void breakOff() {
    stream.reset();
    gone();
  }

  @Override
  public void onHandedOver() {
    finish();
  }

  @Override
  public void onClosed(String reason) {
    stream.write(SmallFrames.shutdown(reason));
    finish();
  }

  private void finish() {
    if (!done) {
      done = true;
      stream.finish();
      proxies.drains(-1);
    }
  }

  @Override
  public void onUnsendable(String reason) {
    breakOff();
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    breakOff();
  }

  @Override
  public void onEnd() {}

  @Override
  public void onReset(String reason) {
    gone();
  }

  @Override
  public void onWritable() {
    outlet.onWritable();
  }

  private void gone() {
    if (!done) {
      outlet.abort(true);
      done = true;
      proxies.drains(-1);
      end.in.abandon();
    }
  }
}
