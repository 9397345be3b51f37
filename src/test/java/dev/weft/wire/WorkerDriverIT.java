package dev.weft.wire;

class WorkerDriverIT extends DriverContract {
  @Override
  String driver() {
    return "worker";
  }
}
