package dev.weft.linux;

import static dev.weft.linux.LibC.C;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Tells a listener what happens to the links of a namespace, on a daemon thread of its own, in
 * order. While it is open it keeps its namespace alive.
 */
public final class LinkMonitor implements AutoCloseable {
  private static final int NETLINK_ROUTE = 0;
  private static final int RTMGRP_LINK = 1;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_LISTEN_ALL_NSID = 8;
  private static final int AF_UNSPEC = 0;
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int QUEUE_BYTES = 4 << 20;

  private final NativeSocket socket;
  private final Poller<NativeSocket> poller;

  /** Called with null for the link if events were lost. */
  private final BiConsumer<LinkEvent.Kind, Link> listener;

  private final ByteBuffer in =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final long inAddress = LibC.address(in);
  private final Thread thread;
  private volatile boolean closed;

  private LinkMonitor(
      NativeSocket socket,
      Poller<NativeSocket> poller,
      String name,
      BiConsumer<LinkEvent.Kind, Link> listener) {
    this.socket = socket;
    this.poller = poller;
    this.listener = listener;
    this.thread = new Thread(null, this::run, name, 0, false);
    thread.setDaemon(true);
  }

  /**
   * Opens a monitor; the listener gets all events from now on.
   *
   * @param listener called on the monitor's thread; must not throw
   */
  public static LinkMonitor open(Netns netns, Consumer<LinkEvent> listener) throws LinuxException {
    return open(
        netns,
        "links-" + netns,
        false,
        (kind, link) ->
            listener.accept(
                link == null
                    ? new LinkEvent(kind, 0, "")
                    : new LinkEvent(kind, link.index(), link.name())));
  }

  /**
   * Opens a monitor of new and changed links in this namespace and, with CAP_NET_BROADCAST, in all
   * that this one has an id for: those with the other ends of its veth pairs, and those named by
   * {@link Netlink#identify}. It keeps none of the others alive. Whoever owns a namespace writes
   * what is told of it: a name or an alias proves nothing.
   *
   * @param listener called on the monitor's thread; must not throw; with nothing if events were
   *     lost
   */
  public static LinkMonitor openAll(Netns netns, Consumer<Optional<Link>> listener)
      throws LinuxException {
    return open(
        netns,
        "ends-" + netns,
        true,
        (kind, link) -> {
          if (kind != LinkEvent.Kind.DELETED) {
            listener.accept(Optional.ofNullable(link));
          }
        });
  }

  private static LinkMonitor open(
      Netns netns, String name, boolean everywhere, BiConsumer<LinkEvent.Kind, Link> listener)
      throws LinuxException {
    NativeSocket socket =
        netns.inside(
            () ->
                NativeSocket.open(
                    NativeSocket.AF_NETLINK,
                    NativeSocket.SOCK_RAW | LibC.O_NONBLOCK,
                    NETLINK_ROUTE,
                    "link monitor of netns " + netns));
    try {
      socket.receiveBuffer(QUEUE_BYTES);
      if (everywhere) {
        listenEverywhere(socket);
      }
      socket.bind(SocketAddresses.netlink(RTMGRP_LINK));
      LinkMonitor monitor = new LinkMonitor(socket, new Poller<>(), name, listener);
      monitor.thread.start();
      return monitor;
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  private static void listenEverywhere(NativeSocket socket) throws LinuxException {
    try {
      socket.set(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1);
    } catch (LinuxException e) {
      // Without CAP_NET_BROADCAST it hears of its own namespace alone.
      if (!e.is(Errno.EPERM)) {
        throw e;
      }
    }
  }

  private void run() {
    try (socket;
        poller) {
      poller.add(socket.fd(), socket);
      while (!closed) {
        poller.poll(-1, (ready, events) -> receive());
      }
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void receive() {
    while (!closed) {
      long length = C.recv(socket.fd(), inAddress, BUFFER_BYTES, 0);
      if (length < 0) {
        int errno = LibC.errno();
        if (Errno.EAGAIN.is(errno)) {
          return;
        }
        if (Errno.ENOBUFS.is(errno)) {
          listener.accept(LinkEvent.Kind.LOST, null);
        } else if (!Errno.EINTR.is(errno)) {
          throw new UncheckedIOException(new LinuxException(thread.getName(), errno, ""));
        }
        continue;
      }
      in.clear().limit((int) length);
      while (in.remaining() >= NetlinkMessage.HEADER) {
        tell(NetlinkAnswer.next(in));
      }
    }
  }

  private void tell(NetlinkAnswer answer) {
    boolean isDeleted = answer.type() == LinkCodec.RTM_DELLINK;
    boolean isLink = isDeleted || answer.type() == LinkCodec.RTM_NEWLINK;
    // Bridges report their ports here too: RTM_DELLINK of AF_BRIDGE is a port that left.
    if (isLink && answer.body().get(0) == AF_UNSPEC) {
      Link link = LinkCodec.decode(answer.body());
      LinkEvent.Kind kind = isDeleted ? LinkEvent.Kind.DELETED : LinkEvent.Kind.CHANGED;
      listener.accept(kind, link);
    }
  }

  /** The listener is not called after this returns; if it calls this itself, at most once more. */
  @Override
  public void close() {
    closed = true;
    poller.wakeup();
    if (Thread.currentThread() == thread) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
