package dev.weft.config;

import dev.weft.address.Cidr;
import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Checks whether values of different keys agree. */
final class CrossChecks {
  private static final String TLS = "security.ca, security.cert and security.key";

  private final WeftConfig config;
  private final Binding binding;

  CrossChecks(WeftConfig config, Binding binding) {
    this.config = config;
    this.binding = binding;
  }

  void run() {
    filesOfOneIdentity();
    wildcards();
    beyondLoopback();
    join();
    role();
    addresses();
    externals();
    ranges();
    mesh();
    services();
    proxies();
    sameListener();
  }

  private void filesOfOneIdentity() {
    SecurityConfig s = config.security();
    boolean none = s.ca().isEmpty() && s.cert().isEmpty() && s.key().isEmpty();
    if (s.mutualTls() || none || !binding.sound("security.ca", "security.cert", "security.key")) {
      return;
    }
    lacking("security.ca", s.ca());
    lacking("security.cert", s.cert());
    lacking("security.key", s.key());
  }

  private void lacking(String path, Optional<?> file) {
    if (file.isEmpty()) {
      binding.problem(path, "not given", TLS + " together, or none of them");
    }
  }

  private void wildcards() {
    noWildcard(
        "grpc.host",
        config.grpc().host(),
        "an address of this host; programs of this host are served on 127.0.0.1 as well");
    noWildcard("grpc.advertise", config.grpc().advertise().host(), "what other nodes can dial");
    noWildcard("cluster.bind", config.cluster().bind(), "an address of this host");
    noWildcard("cluster.bus", config.cluster().bus().host(), "an address of this host and a port");
  }

  private void noWildcard(String path, String host, String expected) {
    boolean derived = path.equals("grpc.advertise") && host.equals(config.grpc().host());
    if (IpAddress.isWildcard(host) && !derived) {
      binding.problem(path, host, expected);
    }
  }

  private void beyondLoopback() {
    boolean proven = config.security().mutualTls();
    String proof = TLS + ", or security.insecure: true";
    guarded("grpc.host", config.grpc().host(), proven, proof);
    guarded("cluster.bind", config.cluster().bind(), proven, proof);
    guarded("cluster.bus", config.cluster().bus().host(), proven, proof);
    if (binding.sound("http.token-file")) {
      guarded(
          "http.host",
          config.http().host(),
          config.http().tokenFile().isPresent(),
          "http.token-file, or security.insecure: true");
    }
  }

  private void guarded(String path, String host, boolean proven, String proof) {
    if (!proven && !acceptsInsecure() && !IpAddress.isLoopback(host) && binding.sound(path)) {
      binding.problem(path, host, "a loopback address; beyond it " + proof);
    }
  }

  private void join() {
    List<HostPort> join = config.cluster().join();
    if (!join.isEmpty() && !config.security().mutualTls() && !acceptsInsecure()) {
      binding.problem(
          "cluster.join",
          String.join(", ", join.stream().map(HostPort::toString).toList()),
          "none without " + TLS + ", or security.insecure: true");
    }
  }

  private void role() {
    if (config.cluster().role() != ClusterConfig.Role.OUTPOST
        || !binding.sound("cluster.role", "cluster.join", "mesh.listen", "mesh.links")) {
      return;
    }
    if (!config.cluster().join().isEmpty()) {
      binding.problem("cluster.role", "outpost", "member, or no cluster.join");
    }
    if (!config.mesh().on()) {
      binding.problem("cluster.role", "outpost", "member, or mesh.links");
    }
  }

  /** Each /30 of the one has a /126 of the other beside it. */
  private void addresses() {
    int bits = 96 + config.nsm().cidr().prefixLength();
    config
        .nsm()
        .cidr6()
        .filter(six -> six.prefixLength() > bits && binding.sound("nsm.cidr", "nsm.cidr6"))
        .ifPresent(
            six ->
                binding.problem(
                    "nsm.cidr6",
                    six.toString(),
                    "at most %d bits, for as many connections as nsm.cidr %s has"
                        .formatted(bits, config.nsm().cidr())));
  }

  private void externals() {
    int count = config.nsm().externals().size();
    if (count == 0 || !binding.sound("nsm.externals", "grpc.external")) {
      return;
    }
    if (!config.security().mutualTls()
        && binding.sound("security.ca", "security.cert", "security.key")) {
      binding.problem("nsm.externals", count + " of them", "none without " + TLS);
    }
    if (config.grpc().external().isEmpty()) {
      binding.problem(
          "grpc.external",
          "not given",
          "address:port where those of nsm.externals reach this node, if there are any");
    }
  }

  private void ranges() {
    Cidr connections = config.nsm().cidr();
    Cidr subnets = config.subnets().cidr();
    if (connections.overlaps(subnets) && binding.sound("nsm.cidr", "subnets.cidr")) {
      binding.problem(
          "nsm.cidr",
          connections.toString(),
          "a range of its own, apart from subnets.cidr " + subnets);
    }
    Optional<Cidr> connections6 = config.nsm().cidr6();
    Optional<Cidr> subnets6 = config.subnets().cidr6();
    if (connections6.isPresent()
        && subnets6.filter(connections6.get()::overlaps).isPresent()
        && binding.sound("nsm.cidr6", "subnets.cidr6")) {
      binding.problem(
          "nsm.cidr6",
          connections6.get().toString(),
          "a range of its own, apart from subnets.cidr6 " + subnets6.get());
    }
  }

  private void mesh() {
    if (!binding.sound("mesh.listen")) {
      return;
    }
    List<MeshConfig.LinkAddress> listen = config.mesh().listen();
    if (listen.stream().filter(at -> at.scheme().equals("udp")).count() > 1) {
      binding.problem("mesh.listen", listen.toString(), "one udp address, which serves all nodes");
    }
    for (MeshConfig.LinkAddress at : listen) {
      at.hostPort()
          .map(HostPort::host)
          .ifPresent(
              host -> {
                noWildcard("mesh.listen", host, "an address of this host");
                guarded(
                    "mesh.listen",
                    host,
                    config.security().mutualTls(),
                    TLS + ", or security.insecure: true");
              });
    }
  }

  private void services() {
    MeshConfig mesh = config.mesh();
    once("mesh.services", mesh.services().stream().map(ServiceConfig::name).toList());
    once("mesh.forwards", mesh.forwards().stream().map(f -> f.listen().toString()).toList());
    if (!mesh.on() && binding.sound("mesh.listen", "mesh.links")) {
      needMesh("mesh.services", mesh.services().size());
      needMesh("mesh.forwards", mesh.forwards().size());
    }
  }

  /** Any number of forwards may ask for any free port. */
  private void once(String path, List<String> names) {
    Set<String> seen = new HashSet<>();
    names.stream()
        .filter(name -> !name.endsWith(":0") && !seen.add(name))
        .forEach(name -> binding.problem(path, name + " twice", "each once"));
  }

  private void needMesh(String path, int count) {
    if (count > 0) {
      binding.problem(path, count + " of them", "none without mesh.listen or mesh.links");
    }
  }

  private void proxies() {
    ProxyConfig.Forward forward = config.proxy().forward();
    if (forward.token().isPresent() && forward.tokenFile().isPresent()) {
      binding.problem(
          "proxy.forward.token", "given beside token-file", "one of proxy.forward's two tokens");
    }
    List<ProxyConfig.Connection> connections = config.proxy().connections();
    once(
        "proxy.connections",
        connections.stream().map(c -> c.to() + " of side " + c.side()).toList());
  }

  /** True also if the security section itself is wrong, which has to be corrected first. */
  private boolean acceptsInsecure() {
    return config.security().insecure()
        || !binding.sound(
            "security.ca", "security.cert", "security.key", "security.insecure", "security");
  }

  private void sameListener() {
    List<ListenAddress> listeners = ListenAddress.of(config);
    for (int i = 0; i < listeners.size(); i++) {
      ListenAddress later = listeners.get(i);
      for (ListenAddress earlier : listeners.subList(0, i)) {
        if (later.collides(earlier) && later.isSound(binding) && earlier.isSound(binding)) {
          binding.problem(
              later.path(),
              later.at().toString(),
              "an address and port of its own, not " + earlier.path() + "'s");
        }
      }
    }
  }
}
