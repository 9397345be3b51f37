package dev.weft.rpc;

class MemoryConnectionTest extends ConnectionContract {
  @Override
  RpcConnection connect() {
    return new MemoryConnection(listener, Caller.local("127.0.0.1"), loop, Loop.of(vertx));
  }
}
