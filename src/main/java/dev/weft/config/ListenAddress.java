package dev.weft.config;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A TCP address that a configuration has the node listen on.
 *
 * @param path of the key that gives the port
 * @param hostPath of the key that gives the address
 * @param at port 0 for any free one
 */
public record ListenAddress(String path, String hostPath, HostPort at) {
  private static final String LOCAL = "127.0.0.1";

  /** All of them; what is asked for twice is there twice. */
  public static List<ListenAddress> of(WeftConfig config) {
    List<ListenAddress> listeners = new ArrayList<>();
    ClusterConfig cluster = config.cluster();
    GrpcConfig grpc = config.grpc();
    HttpConfig http = config.http();
    listeners.add(
        new ListenAddress(
            "cluster.port", "cluster.bind", new HostPort(cluster.bind(), cluster.port())));
    listeners.add(one("cluster.bus", cluster.bus()));
    listeners.add(one("grpc.port", new HostPort(LOCAL, grpc.port())));
    if (!grpc.host().equals(LOCAL)) {
      listeners.add(
          new ListenAddress("grpc.port", "grpc.host", new HostPort(grpc.host(), grpc.port())));
    }
    grpc.external().ifPresent(at -> listeners.add(one("grpc.external", at)));
    grpc.meshnet().ifPresent(at -> listeners.add(one("grpc.meshnet", at)));
    listeners.add(
        new ListenAddress("http.port", "http.host", new HostPort(http.host(), http.port())));
    config.subnets().runtime().ifPresent(at -> listeners.add(one("subnets.runtime", at)));
    config.mesh().listen().stream()
        .filter(at -> at.scheme().equals("tcp"))
        .flatMap(at -> at.hostPort().stream())
        .forEach(at -> listeners.add(one("mesh.listen", at)));
    config.mesh().forwards().stream()
        .flatMap(forward -> forward.listen().tcp().stream())
        .forEach(at -> listeners.add(one("mesh.forwards", at)));
    ProxyConfig.Forward forward = config.proxy().forward();
    if (forward.token().isPresent() || forward.tokenFile().isPresent()) {
      listeners.add(
          new ListenAddress(
              "proxy.forward.port",
              "proxy.forward.host",
              new HostPort(forward.host(), forward.port())));
    }
    return listeners;
  }

  private static ListenAddress one(String path, HostPort at) {
    return new ListenAddress(path, path, at);
  }

  boolean collides(ListenAddress other) {
    return at.port() != 0
        && at.port() == other.at.port()
        && (sameHost(other)
            || IpAddress.isWildcard(at.host())
            || IpAddress.isWildcard(other.at.host()));
  }

  boolean isSound(Binding binding) {
    return binding.sound(path, hostPath);
  }

  private boolean sameHost(ListenAddress other) {
    return IpAddress.find(at.host()).equals(IpAddress.find(other.at.host()));
  }
}
