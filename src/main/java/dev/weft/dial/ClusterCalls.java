package dev.weft.dial;

import dev.weft.bus.Beyond;
import dev.weft.bus.Bus;
import dev.weft.cluster.ClusterPlace;
import dev.weft.cluster.Home;
import dev.weft.cluster.HomeLine;
import dev.weft.cluster.Member;
import dev.weft.cluster.proto.OutpostProto;
import dev.weft.cluster.proto.Question;
import dev.weft.cluster.proto.QuestionAnswer;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What the cluster has to say to nodes outside of its network, and they to it: the calls between an
 * outpost and its home, and questions to and from outposts.
 */
public final class ClusterCalls implements HomeLine, Beyond {
  private static final GrpcMethod<Question, QuestionAnswer> ASK =
      new GrpcMethod<>(
          OutpostProto.getDescriptor().findServiceByName("Questions"),
          "Ask",
          Question.getDefaultInstance(),
          QuestionAnswer.getDefaultInstance());

  private final ClusterPlace cluster;
  private final Dial dial;
  private final Supplier<Future<List<String>>> reachable;

  /**
   * @param reachable ids of the nodes that the mesh leads to, nearest first
   */
  public ClusterCalls(ClusterPlace cluster, Dial dial, Supplier<Future<List<String>>> reachable) {
    this.cluster = cluster;
    this.dial = dial;
    this.reachable = reachable;
  }

  /** Serves other nodes, before the listeners are opened. */
  public void serve(GrpcListener listener, Bus bus) {
    cluster.home().ifPresent(home -> RemoteHome.serve(listener, home));
    listener.serve(
        ASK,
        Set.of(Listener.MEMBERS),
        (caller, question) ->
            bus.answer(question.getContract(), question.getCall())
                .map(json -> QuestionAnswer.newBuilder().setJson(json).build()));
  }

  @Override
  public Future<List<String>> reachable() {
    return reachable.get();
  }

  @Override
  public Home to(String node) {
    return new RemoteHome(dial, node, cluster.name(node));
  }

  @Override
  public boolean leadsTo(String node) {
    return cluster.home().isEmpty() || cluster.member(node).filter(Member::outpost).isPresent();
  }

  @Override
  public Future<String> ask(String node, String contract, String call, Duration deadline) {
    Question question = Question.newBuilder().setContract(contract).setCall(call).build();
    return dial.call(node, ASK, question, deadline).map(QuestionAnswer::getJson);
  }
}
