"""What people call tables, their columns, and the actions of the audit trail; a new one goes by its own name until it
is named here. History, the audit list and the console take their words from this one place.
"""

from __future__ import annotations

from app.core.enums import Role


def _pairs(text: str) -> dict[str, str]:
    return dict(word.split("=") for word in text.split())


TABLES = _pairs("""
    ab_api_key=接口密钥 ab_group=用户组 ab_permission=框架权限 ab_permission_view=框架权限与页面 ab_register_user=框架注册申请
    ab_role=框架角色 ab_user=用户 ab_view_menu=框架页面 acceptances=受理机构 annual_batches=年度批次
    application_materials=申报材料文件 application_nodes=申报路径节点 application_steps=申报流转记录 applications=职称申报
    audit_entries=审计记录 batch_specialities=批次接收的专业 blacklist_entries=黑名单 bodies=机构 candidates=评审对象 certificate_log=证书日志
    certificate_numbers=证书编号 certificates=证书 chain_heads=链首 committees=评委会 covered_specialities=评委会评审专业
    dossier_records=申报表内容 eligibility_rules=申报条件 expert_requirements=专家需求 failed_rows=导入失败的行
    fee_standards=收费标准 filing_attachments=备案附件 filings=备案 founding_bodies=评委会组建单位 import_batches=导入批次
    issuing_authorities=发证单位 job_items=任务条目 jobs=任务 login_attempts=登录记录 login_sessions=登录会话
    material_requirements=申报材料清单 mending_requests=路径修正通知 notice_lines=公示名单 number_pools=编号池 objections=公示异议
    path_edges=审核路径 people=人员 plan_attachments=方案附件 plan_steps=方案流转记录 post_quotas=岗位职数 posts=任职身份
    public_notices=公示 query_exports=查询结果导出 regions=行政区划 result_notices=结果公示 review_meetings=评审会议
    review_plans=评审方案 review_results=评审结果 rubric_items=评分项 settings=系统参数 specialities=职称专业
    lists=查询结果 staged_blocks=待导入的行 title_series=职称系列 titles=职称 unit_registrations=单位注册申请 unmask_log=证件号查看记录
""")

WORDS = _pairs("""
    abstained=弃权票 action=操作 active=有效 actor=申请人身份 actor_body_name=操作单位 actor_name=操作人 actor_post_id=操作身份
    actor_role=操作角色 actor_user_id=操作用户 address=地址 against=反对票 agent=浏览器 amount=金额 applicant_name=申报人
    application_id=申报 asked=申请数 at=时间 attending=出席人数 bad=失败行数 batch_id=批次 beat_at=最近进展 body_id=机构
    born_on=出生日期 branch=专业类别 by_body=查看单位 by_name=查看人 by_user_id=查看用户 byte_size=字节数 candidate_id=评审对象
    certificate_id=证书 chain=链 chosen=页面上的选择 chair_name=主任委员 changed_at=修改时间 changed_by_fk=修改人 changed_on=修改时间 clause=依据
    closed_at=办结时间 closes_on=截止日期 code=编码 committee_id=评委会 concluded_at=结束时间 conclusion=结论
    confirmed_at=确认时间 confirmed_by=确认人 consent_version=告知书版本 consented_at=同意时间 contact=联系方式
    contact_id_masked=经办人证件号 contact_id_number=经办人证件号（加密） contact_name=联系人 contact_phone=联系电话
    contact_phone_masked=联系电话 content=内容
    correction_due=补正截止 count=人数 created_at=建立时间 created_by_fk=建立人 created_on=建立时间 credit_code=统一社会信用代码
    current_body_id=当前机构 current_seq=当前节点 data=内容 decided_at=审核时间 decided_by=审核人 declared_at=申报时间 deregistered_at=注销时间
    deregistered_reason=注销原因 description=说明 detail=明细 document_number=文号 done=成功数 education=学历 email=邮箱
    employer=单位 employer_id=所在单位 end=结束方式 ended_at=结束时间 ends_on=结束日期 event=事件 expires_on=到期时间 face=证书内容
    fail_login_count=登录失败次数 failed=失败数 failures=连续失败次数 file_name=文件名 filed_on=备案日期 filing_id=备案
    filing_number=备案号 final_body_id=终审机构 finding=处理结果 finished_at=结束时间 first_name=姓名 from_body_id=来自机构
    from_state=原状态 gender=性别 good=可导入行数 grade=级别 granted=核准数 guideline=申报须知 hash=哈希 held_on=会议日期 hint=说明
    holder_name=持证人 id=编号 id_digest=证件号摘要 id_masked=证件号 id_number=证件号（加密） images_only=只收图片 in_favour=赞成票
    ip=网络地址 is_demo=演示账号 is_final=终审 issued_by=签发人 issued_on=发证日期 issuing_authority_id=发证单位 item=项目
    items=退回条目 job_id=任务 key=参数 key_hash=密钥哈希 key_prefix=密钥前缀 kind=种类 kind_reason=特殊原因 label=名称
    last_hash=末条哈希 last_id=末条编号 last_login=最近登录 last_name=姓 last_serial=末号 last_used_on=最近使用 level=级别
    levels=级别 lifted_at=解除时间 lifted_reason=解除原因 line_id=公示条目 locked_until=锁定至 login_count=登录次数
    lookup_hash=检索哈希 made_at=生成时间 made_by=生成人 max_files=文件数 maximum=满分 media_type=文件类型 meeting_on=会议日期
    member_count=委员人数 members=委员 message=原因 method=取得方式 ministry_title=对应人社部职称 mode=方式 name=名称 nature=性质
    node_type=节点类型 note=备注 notice_id=公示 number=编号 object_id=对象编号 object_type=对象 obtained_on=取得日期 occupied=已聘数
    once_key=防重复键 opens_on=开始日期 opinion=意见 parent_code=上级代码 parent_id=上级 passed=通过 password=口令
    password_changed_at=口令修改时间 percent=进度 permission_id=权限 person_id=人员 phone=手机号（加密） phone_digest=手机号摘要
    phone_masked=手机号 pinyin=拼音首字母 others=未读取的工作表 place=地点 plan_id=评审方案 post_id=任职身份 posts=岗位数 prefix=编号前缀
    present_level=现级别 previous_hash=上一条哈希 printed_name=打印名称 problems=问题 procedure=审核流程 published_at=发布时间
    purpose=用途 raised_by=提出人 reached_at=到达时间 reason=原因 received_on=收到日期 recorded_on=备案日期 region_code=行政区划
    registration_date=注册时间 registration_id=单位注册 registration_hash=注册哈希
    remark=备注 rendered_at=生成时间 required=必须 requirement_id=材料要求
    reserve=备选人数 result=结果 review_from=评审开始 review_until=评审结束 revoked_at=撤销时间 revoked_on=撤销时间
    revoked_reason=撤销原因 role=角色 rows=行 scopes=范围 section=栏目 seen_at=最近访问 sent_at=发送时间 sent_by=发送人 seq=顺序
    serial=流水号 series_id=系列 set_by=设定人 settled_at=办结时间 settled_by=办结人 sha256=摘要 since=开始时间
    smaller_agreed_by=减员批准机关 source_document=依据文件 speciality_id=专业 started_at=开始时间 starts_on=开始日期 state=状态
    state_since=状态时间 status=状态 step_count=流转次数 storage_key=存储键 subject_id=对象 submitted_at=提交时间
    subordinate_id=下级机构 summary=情况说明 swept_at=清除时间 superior_id=上级机构 text=内容 texts=原文 title=标题 title_id=职称 to_body_id=去往机构
    to_state=新状态 token_digest=会话摘要 total=总数 until=结束时间 uploaded_at=上传时间 user_id=用户 username=用户名 uuid=标识
    valid_from=启用日期 valid_until=有效期至 value=值 version=版本 view_menu_id=页面 waited_seconds=停留秒数 weight=权重 year=年度
    year_from=起始年份 year_until=截止年份 years=年限
    application=申报 approve=是否通过 body=机构 candidates=参评人员 conditions=查询条件 confirmed=已确认 endpoint=页面
    entries=条目 fee=缴费标准 file=文件 first=起始号 founder=组建单位 last=截止号 needs=专家需求 notice=公示 parent=上级
    plan=评审方案 region=统筹区 replaces=代替 screen=页面地址 series=系列 specialities=专业 speciality=专业
    subjects=对象 subordinate=下级机构 superior=上级机构 units=单位 upheld=异议成立
""")

DOMAINS = _pairs("""
    access=访问控制 accounts=账号与登录 applications=职称申报 approval_paths=审核路径 blacklist=黑名单 bodies=机构
    catalog=专业与职称 certificates=证书 committees=评委会 dictionaries=字典 exports=查询结果导出 imports=批量导入 jobs=任务
    outcomes=评审结果与备案 public_notices=公示 quotas=职数 registrations=单位注册 review_plans=评审方案 seeds=初始数据
""")
"""What stands before the dot of an action."""

ACTIONS = _pairs("""
    access.refused=越权访问被拒绝
    accounts.sign_in=登录 accounts.sign_in_refused=登录失败 accounts.sign_out=退出登录 accounts.choose_post=选择身份
    accounts.register=注册申报人账号 accounts.create_user=新增用户 accounts.change_password=修改密码
    accounts.reset_password=重置密码 accounts.open_application=开通个人申报
    accounts.activate=启用用户 accounts.deactivate=停用用户 accounts.grant_post=授予身份 accounts.revoke_post=收回身份
    accounts.relieve=更换操作员 accounts.unmask=查看完整证件号
    applications.save_draft=暂存申报 applications.save_section=填写申报表 applications.attach=上传申报材料
    applications.detach=移除申报材料 applications.submit=提交申报 applications.resubmit=重新提交申报
    applications.withdraw=撤回申报 applications.lapse=逾期未补正 applications.forward=上报 applications.decline=不予推荐
    applications.approve=申报审核通过 applications.refuse=申报审核不通过 applications.return=退回申报
    applications.resend=重新上报 applications.supplement=退回补充材料 applications.close=终止申报
    applications.plan=编入评审方案 applications.unplan=移出评审方案 applications.pass=评审通过 applications.fail=评审未通过
    applications.publish=列入结果公示 applications.clear=公示无异议 applications.uphold=公示异议成立
    applications.file=备案通过 applications.issue=发放证书（申报）
    approval_paths.create=新增审核路径 approval_paths.confirm=确认审核路径 approval_paths.cancel=注销审核路径
    approval_paths.change=修改审核路径 approval_paths.import=批量导入审核路径
    approval_paths.ask_to_mend=发送路径修正通知 approval_paths.settle_mending=办结路径修正通知
    blacklist.add=加入黑名单 blacklist.change=修改黑名单 blacklist.lift=解除黑名单
    bodies.create=新增机构 bodies.change=修改机构 bodies.import=批量导入机构 bodies.set_guideline=填写申报须知
    bodies.import_acceptance=批量导入受理机构
    bodies.import_revived_acceptance=批量导入受理机构（恢复） bodies.deregister=注销机构 bodies.restore=恢复机构
    bodies.take_registration=关联单位注册 bodies.add_acceptance=新增受理机构
    bodies.change_acceptance=修改受理机构 bodies.deregister_acceptance=注销受理机构
    bodies.add_issuing_authority=新增发证单位编码 bodies.change_issuing_authority=修改发证单位编码
    bodies.deregister_issuing_authority=注销发证单位编码
    catalog.create_speciality=新增专业 catalog.change_speciality=修改专业 catalog.delete_speciality=删除专业
    catalog.create_title=新增职称 catalog.change_title=修改职称 catalog.delete_title=删除职称
    certificates.generate=生成证书编号 certificates.issued=发放证书 certificates.rendered=生成电子证书
    certificates.revoked=撤销证书
    committees.create=新增评委会 committees.change=修改评委会 committees.deregister=注销评委会 committees.import=批量导入评委会
    committees.create_batch=新增年度批次 committees.change_batch=修改年度批次 committees.close_batch=关闭年度批次
    committees.add_speciality=新增评审专业 committees.remove_speciality=移除评审专业 committees.add_founder=新增组建单位
    committees.remove_founder=移除组建单位 committees.add_fee=新增缴费标准 committees.change_fee=修改缴费标准
    committees.remove_fee=移除缴费标准 committees.reset_operator=重置评委会操作员密码
    accounts.reissue=发放新的初始密码
    dictionaries.add=新增字典条目 dictionaries.change=修改字典条目 dictionaries.remove=删除字典条目 dictionaries.set=设定系统参数
    exports.ask=申请导出查询结果 exports.make=生成导出文件 exports.download=下载导出文件 exports.expire=清除到期导出文件
    imports.upload=上传导入文件 imports.checked=检查导入文件 imports.refused=拒绝导入文件 imports.submit=申请提交批量导入
    imports.written=完成批量导入 imports.given_back=退回批量导入 imports.discard=放弃批量导入
    imports.expire=清除到期导入数据
    jobs.submit=提交任务 jobs.retry=重试任务
    outcomes.record_meeting=登记评审会议 outcomes.record_results=录入评审结果 outcomes.request_filing=申请备案
    outcomes.decide_filing=审核备案
    public_notices.publish=发布公示 public_notices.object=登记公示异议 public_notices.close_objection=办结公示异议
    public_notices.conclude=结束公示 public_notices.cancel=撤销公示
    quotas.declare=职数申报 quotas.redeclare=重新申报职数 quotas.approve=职数审核通过
    quotas.refuse=职数审核不通过 quotas.correct=更正核准职数 quotas.decide=职数审核
    registrations.submit=提交单位注册 registrations.decide=审核单位注册 registrations.replace=被新的注册代替
    registrations.unmask=查看联系人完整证件号
    review_plans.create=新增评审方案 review_plans.edit=修改评审方案 review_plans.experts=填写专家需求
    review_plans.rubric=填写打分细则 review_plans.attach=上传方案附件 review_plans.submit=呈报评审方案
    review_plans.approve=评审方案审核通过 review_plans.refuse=评审方案审核不通过 review_plans.conclude=确认评审结果
    review_plans.cancel=取消评审方案
    seeds.load_scale=生成测量数据
""")
_VERBS = _pairs("""
    create=新增 add=新增 import=批量导入 change=修改 edit=修改 set=修改 remove=移除 delete=删除 confirm=确认 close=关闭
    cancel=注销 deregister=注销 restore=恢复 lift=解除
""")
"""What the first word of a verb is called, where its action has no name of its own."""


_ROLES = {role.value: role.label for role in Role}


def verb(action: str) -> str:
    """The first word of an action's verb: `bodies.deregister_acceptance` is deregister."""
    return action.rpartition(".")[2].split("_")[0]


def action_word(action: str, otherwise: str | None = None) -> str:
    """What people call an action; `otherwise`, or its code, where nobody has named it."""
    return ACTIONS.get(action) or _VERBS.get(verb(action)) or (action if otherwise is None else otherwise)


def role_word(role: str) -> str:
    return _ROLES.get(role, role)


def object_word(object_type: str, object_id: str) -> str:
    """What an entry is about: 机构 12."""
    return f"{TABLES.get(object_type, object_type)} {object_id}".strip()
