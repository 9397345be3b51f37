package dev.weft.config;

import dev.weft.address.HostPort;
import java.util.Optional;

/**
 * The listeners for other nodes.
 *
 * @param host address literal of the listener with mutual TLS, never a wildcard: programs of this
 *     host are served in plain on 127.0.0.1, same port
 * @param port 0 for any free one
 * @param advertise what other nodes dial; port 0 stands for the port that was bound
 * @param meshnet plain listener for foreign meshnet daemons, an address literal
 * @param external listener with mutual TLS for NSMs outside the cluster, an address literal
 */
public record GrpcConfig(
    String host,
    int port,
    HostPort advertise,
    Optional<HostPort> meshnet,
    Optional<HostPort> external) {

  static GrpcConfig read(Section s) {
    String host = s.read("host", "127.0.0.1", Kind.ADDRESS);
    int port = s.read("port", "51111", Kind.PORT);
    GrpcConfig grpc =
        new GrpcConfig(
            host,
            port,
            s.read("advertise", "", Kind.peer(port).orNone()).orElse(new HostPort(host, port)),
            s.read("meshnet", "", Kind.LISTENER.orNone()),
            s.read("external", "", Kind.LISTENER.orNone()));
    s.end();
    return grpc;
  }
}
