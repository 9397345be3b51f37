package dev.weft.wire.path;

class EpollDriverIT extends ProcessContract {
  @Override
  String driver() {
    return "epoll";
  }
}
