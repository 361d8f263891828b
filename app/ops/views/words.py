"""What people call the tables and their columns; a new one goes by its own name until it is named here."""

from __future__ import annotations


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
    staged_blocks=待导入的行 title_series=职称系列 titles=职称 unit_registrations=单位注册申请 unmask_log=证件号查看记录
""")

WORDS = _pairs("""
    abstained=弃权票 action=操作 active=有效 actor=申请人身份 actor_body_name=操作单位 actor_name=操作人 actor_post_id=操作身份
    actor_role=操作角色 actor_user_id=操作用户 address=地址 against=反对票 agent=浏览器 amount=金额 applicant_name=申报人
    application_id=申报 asked=申请数 at=时间 attending=出席人数 bad=失败行数 batch_id=批次 beat_at=最近进展 body_id=机构
    born_on=出生日期 branch=专业类别 by_body=查看单位 by_name=查看人 by_user_id=查看用户 byte_size=字节数 candidate_id=评审对象
    certificate_id=证书 chain=链 chair_name=主任委员 changed_at=修改时间 changed_by_fk=修改人 changed_on=修改时间 clause=依据
    closed_at=办结时间 closes_on=截止日期 code=编码 committee_id=评委会 concluded_at=结束时间 conclusion=结论
    confirmed_at=确认时间 confirmed_by=确认人 consent_version=告知书版本 consented_at=同意时间 contact=联系方式
    contact_id_masked=经办人证件号 contact_id_number=经办人证件号（加密） contact_name=联系人 contact_phone=联系电话 content=内容
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
    phone_masked=手机号 pinyin=拼音首字母 place=地点 plan_id=评审方案 post_id=任职身份 posts=岗位数 prefix=编号前缀
    present_level=现级别 previous_hash=上一条哈希 printed_name=打印名称 problems=问题 procedure=审核流程 published_at=发布时间
    purpose=用途 raised_by=提出人 reached_at=到达时间 reason=原因 received_on=收到日期 recorded_on=备案日期 region_code=行政区划
    registration_date=注册时间 registration_hash=注册哈希 remark=备注 rendered_at=生成时间 required=必须 requirement_id=材料要求
    reserve=备选人数 result=结果 review_from=评审开始 review_until=评审结束 revoked_at=撤销时间 revoked_on=撤销时间
    revoked_reason=撤销原因 role=角色 rows=行 scopes=范围 section=栏目 seen_at=最近访问 sent_at=发送时间 sent_by=发送人 seq=顺序
    serial=流水号 series_id=系列 set_by=设定人 settled_at=办结时间 settled_by=办结人 sha256=摘要 since=开始时间
    smaller_agreed_by=减员批准机关 source_document=依据文件 speciality_id=专业 started_at=开始时间 starts_on=开始日期 state=状态
    state_since=状态时间 status=状态 step_count=流转次数 storage_key=存储键 subject_id=对象 submitted_at=提交时间
    subordinate_id=下级机构 summary=情况说明 superior_id=上级机构 text=内容 texts=原文 title=标题 title_id=职称 to_body_id=去往机构
    to_state=新状态 token_digest=会话摘要 total=总数 until=结束时间 uploaded_at=上传时间 user_id=用户 username=用户名 uuid=标识
    valid_from=启用日期 valid_until=有效期至 value=值 version=版本 view_menu_id=页面 waited_seconds=停留秒数 weight=权重 year=年度
    year_from=起始年份 year_until=截止年份 years=年限
""")
