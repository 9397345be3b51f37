package dev.weft.proxy.utp;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Remote;
import dev.weft.proxy.utp.machine.UtpPunch;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A node at an address that was added. Behind a NAT, pings keep it reachable; a forward proxy also
 * has a connection with it, which proves who it is and, without a NAT, that it is there. On the
 * carrier's loop.
 */
final class SoughtAddress {
  private static final long FIRST_PAUSE_MILLIS = 1000;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  private final UtpCarrier carrier;
  private final Remote remote;
  private Optional<InetSocketAddress> known = Optional.empty();
  private Optional<UtpEcho> echo = Optional.empty();
  private Optional<NodeId> node = Optional.empty();
  private long pause = FIRST_PAUSE_MILLIS;
  private boolean reachable;

  /** Whether who answers is of another mesh, or another node than the one that must be there. */
  private boolean denied;

  private boolean dialling;
  private boolean over;

  SoughtAddress(UtpCarrier carrier, Remote remote) {
    this.carrier = carrier;
    this.remote = remote;
  }

  void begin() {
    if (over) {
      return;
    }
    carrier
        .resolved(remote.at())
        .onSuccess(
            address -> {
              if (over) {
                return;
              }
              known = Optional.of(address);
              if (remote.nat()) {
                punch(address);
              } else {
                carrier.events().trying(remote.at());
                prove(address);
              }
            })
        .onFailure(
            e -> {
              lost(e.getMessage());
              later(this::begin);
            });
  }

  private void later(Runnable work) {
    long millis = pause;
    pause = Math.min(LONGEST_PAUSE_MILLIS, 2 * pause);
    var unused = carrier.loop().netty().schedule(work, millis, TimeUnit.MILLISECONDS);
  }

  private void punch(InetSocketAddress address) {
    carrier
        .socket()
        .punched()
        .add(
            address,
            remote.timeout().toMillis() * 1000,
            carrier::keepalive,
            new UtpPunch.Told() {
              @Override
              public void trying() {
                if (!denied) {
                  carrier.events().trying(remote.at());
                }
              }

              @Override
              public void established() {
                reachable = true;
                pause = FIRST_PAUSE_MILLIS;
                if (!denied) {
                  carrier.events().reached(remote.at(), node, path());
                }
                prove(address);
              }

              @Override
              public void lost(String reason) {
                reachable = false;
                gone(address, reason);
              }
            });
  }

  private String path() {
    return remote.nat() ? "punched" : "direct";
  }

  /** Told first, so that what runs over it is reset for this reason, and counted. */
  private void gone(InetSocketAddress address, String reason) {
    lost(reason);
    // The proxy hears of it in a turn of this loop that is queued.
    carrier.loop().run(() -> carrier.socket().breakOff(address));
  }

  private void lost(String reason) {
    if (!over) {
      carrier.events().lost(remote.at(), reason);
    }
  }

  /** Has a connection that stands as long as the node is there. */
  private void prove(InetSocketAddress address) {
    if (over || carrier.isReverse() || dialling || echo.isPresent()) {
      return;
    }
    dialling = true;
    UtpEcho asking = new UtpEcho(true);
    carrier
        .dialling()
        .dial(remote, address, UtpTls.ECHO, asking)
        .onComplete(
            dialled -> {
              dialling = false;
              if (dialled.succeeded()) {
                proved(asking, dialled.result(), address);
              } else {
                notProved(dialled.cause(), address);
              }
            });
  }

  private void proved(UtpEcho asking, NodeId proven, InetSocketAddress address) {
    if (over) {
      asking.end("removed");
      return;
    }
    echo = Optional.of(asking);
    denied = false;
    node = Optional.of(proven);
    reachable = true;
    pause = FIRST_PAUSE_MILLIS;
    asking.begin();
    carrier.events().reached(remote.at(), node, path());
    Future<Void> lost = asking.lost();
    lost.onFailure(
        e -> {
          echo = Optional.empty();
          notProved(e, address);
        });
  }

  private void notProved(Throwable e, InetSocketAddress address) {
    if (over) {
      return;
    }
    String reason = e.getMessage();
    if (!remote.nat()) {
      boolean was = reachable;
      reachable = false;
      if (was) {
        gone(address, reason);
      } else {
        lost(reason);
      }
      later(this::begin);
    } else if (reachable) {
      // Pings say whether it can be reached, but not that it is one of this mesh.
      denied = WeftException.of(e).fault() == Fault.DENIED;
      if (denied) {
        gone(address, reason);
      }
      later(() -> prove(address));
    }
  }

  void end() {
    over = true;
    known.ifPresent(
        address -> {
          carrier.socket().punched().remove(address);
          carrier.socket().breakOff(address);
        });
    echo.ifPresent(asking -> asking.end("removed"));
  }
}
