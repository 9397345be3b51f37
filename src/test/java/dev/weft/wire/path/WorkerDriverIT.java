package dev.weft.wire.path;

class WorkerDriverIT extends ProcessContract {
  @Override
  String driver() {
    return "worker";
  }
}
