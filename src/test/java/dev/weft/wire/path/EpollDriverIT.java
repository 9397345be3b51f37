package dev.weft.wire.path;

class EpollDriverIT extends DriverContract {
  @Override
  String driver() {
    return "epoll";
  }
}
