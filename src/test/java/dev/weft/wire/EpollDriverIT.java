package dev.weft.wire;

class EpollDriverIT extends DriverContract {
  @Override
  String driver() {
    return "epoll";
  }
}
