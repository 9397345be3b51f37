package dev.weft.config;

/**
 * The configuration of a node. Checked: every value is in range and the parts agree with each
 * other.
 */
public record WeftConfig(
    NodeConfig node,
    ClusterConfig cluster,
    GrpcConfig grpc,
    HttpConfig http,
    SecurityConfig security,
    WiresConfig wires,
    SubnetsConfig subnets,
    NsmConfig nsm,
    MeshConfig mesh,
    ProxyConfig proxy,
    LogConfig log) {

  static WeftConfig read(Section root) {
    WeftConfig config =
        new WeftConfig(
            NodeConfig.read(root.section("node")),
            ClusterConfig.read(root.section("cluster")),
            GrpcConfig.read(root.section("grpc")),
            HttpConfig.read(root.section("http", "token-file", "read-token-file")),
            SecurityConfig.read(root.section("security")),
            WiresConfig.read(root.section("wires")),
            SubnetsConfig.read(root.section("subnets")),
            NsmConfig.read(root.section("nsm")),
            MeshConfig.read(root.section("mesh")),
            ProxyConfig.read(root.section("proxy")),
            LogConfig.read(root.section("log", "level")));
    root.end();
    return config;
  }
}
