package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.proxy.AppProxies;
import dev.weft.proxy.ProxyStatus;
import dev.weft.proxy.track.TrackedRow;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Proxies that do nothing but remember. */
public final class MemoryProxies implements AppProxies {
  public final List<TrackedRow> rows = new CopyOnWriteArrayList<>();
  private final ProxyStatus.Counts counts = new ProxyStatus.Counts(1, 3, 2, 100, 2000);
  private volatile String listen;
  private volatile String target;
  private volatile List<String> allow = List.of();

  @Override
  public Future<ProxyStatus> status() {
    return Future.succeededFuture(
        new ProxyStatus(
            "quic",
            new ProxyStatus.Forward(
                listen == null ? "off" : "up", null, listen, false, Map.of("utp", 40000), counts),
            new ProxyStatus.Reverse(
                target == null ? "off" : "up", null, target, allow, Map.of("quic", 0), counts)));
  }

  @Override
  public Future<ProxyStatus> startForward(
      String host, Integer port, String token, Boolean members) {
    if (token == null) {
      return Future.failedFuture(Fault.PRECONDITION.because("token: none (expected: one)"));
    }
    listen = (host == null ? "127.0.0.1" : host) + ":" + (port == null ? 3128 : port);
    return status();
  }

  @Override
  public Future<ProxyStatus> stopForward() {
    listen = null;
    return status();
  }

  @Override
  public Future<ProxyStatus> startReverse(String to, List<String> allowed) {
    target = to;
    allow = allowed;
    return status();
  }

  @Override
  public Future<ProxyStatus> stopReverse() {
    target = null;
    return status();
  }

  @Override
  public Future<List<TrackedRow>> connections() {
    return Future.succeededFuture(List.copyOf(rows));
  }

  @Override
  public Future<TrackedRow> add(
      String side, String to, String node, boolean nat, String transport, Long timeoutMillis) {
    TrackedRow row =
        new TrackedRow(
            side,
            to,
            node,
            nat ? "nat" : "direct",
            transport == null ? "quic" : transport,
            "created",
            "new",
            null,
            null,
            0,
            timeoutMillis == null ? 20_000 : timeoutMillis);
    rows.add(row);
    return Future.succeededFuture(row);
  }

  @Override
  public Future<Void> remove(String side, String to) {
    return rows.removeIf(row -> row.side().equals(side) && row.at().equals(to))
        ? Future.succeededFuture()
        : Future.failedFuture(Fault.NOT_FOUND.because("connection " + to + ": not here"));
  }
}
