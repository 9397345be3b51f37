package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectRef;

/** An end on its way over a new stream. */
record Creation(Proxies proxies, Proxy proxy, ObjectRef ref) implements Departure {
  @Override
  public boolean arrived() {
    return proxy.arrived();
  }

  @Override
  public void lost() {
    proxy.fail("the message that it was in was lost");
  }

  @Override
  public void doubt() {
    if (!arrived()) {
      proxies.later(
          Proxies.PATIENCE_MILLIS,
          () -> {
            if (!arrived()) {
              lost();
            }
          });
    }
  }
}
