package dev.weft.wire.path;

class WorkerDriverIT extends DriverContract {
  @Override
  String driver() {
    return "worker";
  }
}
