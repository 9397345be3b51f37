package dev.weft.cluster;

import dev.weft.cluster.proto.FollowRequest;
import dev.weft.cluster.proto.HeldAnswer;
import dev.weft.cluster.proto.HeldRequest;
import dev.weft.cluster.proto.LeaveAnswer;
import dev.weft.cluster.proto.LeaveRequest;
import dev.weft.cluster.proto.News;
import dev.weft.cluster.proto.PublishAnswer;
import dev.weft.cluster.proto.PublishRequest;
import dev.weft.cluster.proto.ReplaceAnswer;
import dev.weft.cluster.proto.ReplaceRequest;
import io.vertx.core.Future;

/**
 * What a member does for an outpost, as {@code outpost.proto} says. The outpost is named by its id,
 * which whoever passes the call has proved. PRECONDITION: this node is no home, or does not know
 * the outpost, which has to follow it first.
 */
public interface Home {
  Future<News> follow(String outpost, FollowRequest request);

  Future<PublishAnswer> publish(String outpost, PublishRequest request);

  Future<HeldAnswer> held(String outpost, HeldRequest request);

  Future<ReplaceAnswer> replace(String outpost, ReplaceRequest request);

  Future<LeaveAnswer> leave(String outpost, LeaveRequest request);
}
